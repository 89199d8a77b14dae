// SPDX-License-Identifier: Apache-2.0
// Evidence that the registry makes itself: equal to what a desk would say, and what a policy can insist on.
#include <nlohmann/json.hpp>

#include "tests/e2e/flights.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

using Catch::Matchers::Contains;
using Json = nlohmann::json;

constexpr const char* kAttestedGate = R"(stage: production
rules:
  - metric: {name: roc_auc, dataset: flights-holdout@1, at_least: 0.45}
  - champion: {name: roc_auc, dataset: flights-holdout@1, margin: -0.5, test: delong}
  - latency: {dataset: flights-holdout@1, at: 1_row, p99_ms: 10000}
  - validation: {dataset: flights-holdout@1, severity_below: error}
  - evidence: {level: attested}
)";

struct Flights : Registry {
  Flights() {
    write("train.csv", flights_csv(3000, 1));
    write("holdout.csv", flights_csv(400, 2));
    expect(0, {"push", "dataset", "flights-train", "train.csv"});
    expect(0, {"push", "dataset", "flights-holdout", "holdout.csv"});
    for (const char* plugin : {"baseline", "linear"})
      expect(0, {"train", "--plugin", plugin, "--data", "flights-train@1", "--target", "late", "--to", "flights"});
  }

  std::vector<std::string> measuring(const std::string& model, std::vector<std::string> more = {}) const {
    std::vector<std::string> out = {"evaluate", model, "--data", "flights-holdout@1"};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }
  // The newest record.
  Json record() const {
    const Json result = json({"lineage", "flights@2"});
    return result["evidence"].at(0);
  }
};

}  // namespace

TEST_CASE("Attest: the server measures what the desk measures, and its record alone is attested") {
  Flights flights;
  const Json here = flights.json(flights.measuring("flights@2", {"--by", "carrier"}));
  CHECK(flights.record()["level"] == "reported");
  const Json there = flights.json(flights.measuring("flights@2", {"--by", "carrier", "--on", "server"}));
  CHECK(flights.record()["level"] == "attested");
  CHECK(there["rows"] == here["rows"]);
  CHECK(there["config"] == here["config"]);
  CHECK(there["plugin"] == here["plugin"]);
  CHECK(there["evidence_id"] != here["evidence_id"]);
  CHECK_THAT(flights.expect(0, flights.measuring("flights@2", {"--on", "server"})).out, Contains("roc_auc"));
  const Json run = flights.json({"runs", "show", there["run_id"].get<std::string>()});
  CHECK(run["status"] == "finished");
  CHECK(run["environment"].contains("assay"));
  CHECK(std::filesystem::is_empty(flights.data() / "scratch"));
}

TEST_CASE("Attest: comparisons, validations and drift reports are made by the server too") {
  Flights flights;
  const auto kind = [&](std::vector<std::string> arguments, int exit_code) {
    arguments.insert(arguments.end(), {"--on", "server", "--json"});
    return Json::parse(flights.expect(exit_code, arguments).out)["kind"].get<std::string>();
  };
  CHECK(kind(flights.measuring("flights@2", {"--against", "flights@1"}), 0) == "comparison");
  CHECK(kind({"validate", "flights-holdout@1", "--against", "flights-train@1"}, 0) == "validation");
  flights.write("storm.csv", flights_csv(1000, 4, Weather::storm));
  flights.expect(0, {"push", "dataset", "storm", "storm.csv"});
  CHECK(kind({"drift", "flights@2", "--data", "storm@1"}, 10) == "drift");
}

TEST_CASE("Attest: a policy that asks for attested evidence takes no other, and --prepare has it made") {
  Flights flights;
  flights.write("gate.yaml", kAttestedGate);
  flights.expect(0, {"policy", "set", "flights", "gate.yaml"});
  flights.expect(0, flights.measuring("flights@1"));
  CHECK_THAT(flights.expect(11, {"promote", "flights@1", "--to", "production"}).out,
             Contains("is only reported") && Contains("--on server"));
  flights.expect(0, {"promote", "flights@1", "--to", "production", "--prepare"});
  const ProcessResult second = flights.expect(0, {"promote", "flights@2", "--to", "production", "--prepare"});
  CHECK_THAT(second.err, Contains("assay evaluate flights@2 --against flights@1") &&
                             Contains("--latency --batch 1 --on server"));
  CHECK(flights.record()["level"] == "attested");
}

TEST_CASE("Attest: how long a model takes is measured here and there, and says so where nothing is to be timed") {
  Flights flights;
  for (const char* place : {"here", "server"}) {
    const Json timed = flights.json(flights.measuring("flights@2", {"--latency", "--calls", "200", "--batch", "1",
                                                                    "--batch", "50", "--on", place}));
    REQUIRE(timed["rows"].size() == 6);
    CHECK(timed["rows"][0]["slice"] == "1_row");
    CHECK(timed["rows"][5]["slice"] == "50_rows");
    for (const Json& row : timed["rows"]) CHECK(row["value"].get<double>() > 0);
    CHECK(timed["plugin"]["name"] == "linear");
  }
  CHECK_THAT(flights.expect(60, flights.measuring("flights@2", {"--latency", "--by", "carrier"})).err, Contains("--by"));
  CHECK_THAT(flights.expect(60, flights.measuring("flights@2", {"--latency", "--calls", "0"})).err, Contains("1 to 100000"));
}

TEST_CASE("Attest: a writer may ask, for what it may read and with what is installed") {
  Flights flights;
  const auto token = [&](const std::string& role, const std::string& space) {
    return flights.write(role + space, flights.expect(0, {"token", "create", "--role", role, "--namespace", space}).out)
        .string();
  };
  const auto ask = [&](int exit_code, const std::string& file, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--on", "server", "--token-file", file});
    return flights.expect(exit_code, flights.measuring("flights@2", more)).err;
  };
  ask(0, token("writer", "default"));
  ask(50, token("reader", "default"));
  ask(50, token("writer", "rival"));
  const std::string writer = token("writer", "default");
  CHECK_THAT(ask(60, writer, {"--plugin", "./evil.so"}), Contains("installed on it, by name"));
  CHECK_THAT(ask(60, writer, {"--plugin", "classification@1"}), Contains("installed on it, by name"));
  CHECK_THAT(ask(60, writer, {"--plugin", "clasification"}), Contains("classification"));
  CHECK_THAT(ask(60, writer, {"--threads", "4"}), Contains("--threads"));
  CHECK_THAT(ask(60, writer, {"--target", "lat"}), Contains("late"));
  CHECK_THAT(flights.expect(60, {"drift", "flights@2", "--data", "week.csv", "--on", "server"}).err, Contains("push"));
}

}  // namespace assay::test
