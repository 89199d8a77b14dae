// SPDX-License-Identifier: Apache-2.0
// Promotion as CI does it, through the built program: every exit code, plans, reports, and many at once.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "tests/e2e/flights.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kGate = R"(stage: production
rules:
  - metric: {name: roc_auc, dataset: flights-holdout@1, at_least: 0.45}
  - champion: {name: roc_auc, dataset: flights-holdout@1, margin: -0.2}
  - slices: {name: recall, by: carrier, no_worse_than: -0.5, min_rows: 20}
  - cost: {matrix: {fn: 5, fp: 1}, at_most: 5}
  - evidence: {max_age: 30d}
)";

// Two versions of a model of the flights, the first of them evaluated; a gate before production.
struct Gate : Registry {
  Gate() {
    write("train.csv", flights_csv(400, 1));
    write("holdout.csv", flights_csv(400, 2));
    write("gate.yaml", kGate);
    expect(0, {"push", "dataset", "flights-train", "train.csv"});
    expect(0, {"push", "dataset", "flights-holdout", "holdout.csv"});
    train("baseline");
    train("linear");
    evaluate("flights@1");
    expect(0, {"policy", "set", "flights", "gate.yaml"});
  }

  void train(const std::string& plugin, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"train",    "--plugin", plugin, "--data", "flights-train@1",
                                          "--target", "late",     "--to", "flights"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    expect(0, arguments);
  }
  void evaluate(const std::string& model, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"evaluate", model,     "--plugin", "classification", "--data",
                                          "flights-holdout@1", "--by", "carrier"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    expect(0, arguments);
  }
  ProcessResult promote(int exit_code, const std::string& version, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"promote", "flights@" + version, "--to", "production"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return expect(exit_code, arguments);
  }
  std::string holds() { return json({"explain", "flights@production"})["version"].dump(); }
};

}  // namespace

TEST_CASE("Promotion: every exit code of the command, and nothing moves but on 0") {
  Gate gate;
  gate.promote(0, "1");
  gate.promote(0, "1");
  const std::string before = gate.holds();
  CHECK_THAT(gate.promote(11, "2").out, Contains("assay evaluate flights@2"));
  gate.evaluate("flights@2", {"--set", "threshold=0.4"});
  CHECK_THAT(gate.promote(12, "2").out, Contains("config"));
  gate.evaluate("flights@2");
  CHECK_THAT(gate.promote(30, "2", {"--expect", "7"}).err, Contains("revision"));
  gate.write("writer.token", gate.expect(0, {"token", "create", "--role", "writer", "--namespace", "default"}).out);
  gate.promote(50, "2", {"--token-file", "writer.token"});
  gate.promote(60, "9");
  gate.write("strict.yaml", "stage: production\nrules:\n  - metric: {name: roc_auc, dataset: flights-holdout@1, "
                            "at_least: 0.999}\n");
  gate.expect(0, {"policy", "set", "flights", "strict.yaml"});
  CHECK_THAT(gate.promote(10, "2").out, Contains("it would pass"));
  gate.write("wrong.yaml", "stage: production\nrules:\n  - metrics: {name: roc_auc}\n");
  CHECK_THAT(gate.expect(60, {"policy", "set", "flights", "wrong.yaml"}).err, Contains("did you mean \"metric\""));
  CHECK(gate.holds() == before);
  gate.expect(0, {"policy", "set", "flights", "gate.yaml"});
  gate.promote(0, "2");
  CHECK(gate.holds() != before);
  gate.stop();
  gate.promote(70, "1");
}

TEST_CASE("Promotion: approvals are waited for with exit 20, freezes and leases hold back with 31, and a decision replays") {
  Gate gate;
  const auto token = [&](const char* name) {
    gate.write(std::string(name) + ".token", gate.expect(0, {"token", "create", "--role", "promoter", "--namespace",
                                                             "default", "--name", name}).out);
    return std::vector<std::string>{"--token-file", std::string(name) + ".token"};
  };
  const auto asking = token("asking"), other = token("other");
  const auto as = [](const std::vector<std::string>& who, std::vector<std::string> command) {
    command.insert(command.end(), who.begin(), who.end());
    return command;
  };
  gate.write("approved.yaml", std::string(kGate) + R"(  - problem: required
  - artifact: {lineage: complete}
approvals: {count: 1, role: promoter, author_may_not: true}
freeze: ["2020-01-01 00:00/2020-01-02 00:00 Europe/Berlin"]
)");
  CHECK_THAT(gate.expect(0, {"policy", "set", "flights", "approved.yaml"}).out,
             Contains("- approvals") && Contains("- freeze"));
  CHECK_THAT(gate.promote(11, "1", asking).out, Contains("assay problem set flights"));
  gate.write("problem.yaml", "target: late\nunit: a flight\nprimary_metric: roc_auc\nowner: operations\n");
  gate.expect(0, {"problem", "set", "flights", "problem.yaml"});
  CHECK_THAT(gate.expect(0, {"problem", "show", "flights"}).out, Contains("target: late"));

  CHECK_THAT(gate.promote(20, "1", asking).out, Contains("waiting: flights@1") && Contains("assay approve"));
  const std::string id = gate.json({"approve"})[0]["id"];
  CHECK_THAT(gate.expect(50, as(asking, {"approve", id})).err, Contains("ask another promoter"));
  CHECK_THAT(gate.expect(0, as(other, {"approve"})).out, Contains(id) && Contains("asking"));
  CHECK_THAT(gate.expect(0, as(other, {"approve", id})).out, Contains("promoted: flights@1 enters production"));
  CHECK_THAT(gate.expect(30, as(other, {"approve", id})).err, Contains("moved meanwhile"));
  CHECK_THAT(gate.expect(0, {"approve"}).out, Contains("nothing waits"));

  const std::string decision = gate.json({"explain", "flights@production"})["decision"]["id"];
  gate.expect(0, {"decision", "export", decision, "--output", "decision.json"});
  CHECK_THAT(gate.expect(0, {"decision", "replay", decision}).out, Contains("the same comes out"));
  std::string bundle = read_file(gate.file("decision.json"));
  const std::size_t value = bundle.find("\"rows\"");
  REQUIRE(value != std::string::npos);
  auto altered = nlohmann::json::parse(bundle);
  for (auto& record : altered["evidence"])
    for (auto& row : record["rows"])
      if (row["name"] == "roc_auc") row["value"] = 0.9876;
  gate.write("altered.json", altered.dump());

  gate.evaluate("flights@2");
  CHECK_THAT(gate.expect(0, as(other, {"lease", "flights@production", "--for", "1h", "--reason", "migration"})).out,
             Contains("other holds flights@production until"));
  gate.promote(20, "2", other);
  CHECK_THAT(gate.promote(31, "2", asking).out, Contains("migration"));
  CHECK_THAT(gate.expect(30, as(asking, {"lease", "flights@production", "--release"})).err, Contains("other holds"));
  gate.expect(0, as(other, {"lease", "flights@production", "--release"}));
  gate.write("frozen.yaml", std::string(kGate) + "freeze: [\"2020-01-01 00:00/2120-01-01 00:00 Europe/Berlin\"]\n");
  gate.expect(0, {"policy", "set", "flights", "frozen.yaml"});
  const std::string before = gate.holds();
  CHECK_THAT(gate.promote(31, "2").out, Contains("frozen"));
  CHECK_THAT(gate.promote(60, "2", {"--force"}).err, Contains("reason"));
  gate.promote(50, "2", as(asking, {"--force", "--reason", "now"}));
  CHECK(gate.holds() == before);
  CHECK_THAT(gate.promote(0, "2", {"--force", "--reason", "the incident of today"}).out, Contains("promoted by force"));
  gate.stop();
  CHECK_THAT(gate.expect(0, {"decision", "replay", "decision.json"}).out, Contains("the same comes out"));
  CHECK_THAT(gate.expect(40, {"decision", "replay", "altered.json"}).out, Contains("0.9876 when judged again"));
}

TEST_CASE("Promotion: a gate that tests asks for the comparison with this champion, and takes no other") {
  Gate gate;
  gate.promote(0, "1");
  gate.write("tested.yaml", R"(stage: production
rules:
  - champion: {name: roc_auc, dataset: flights-holdout@1, margin: -0.1, test: delong, min_rows: 400}
  - slices: {name: recall, by: carrier, no_worse_than: -0.5, min_rows: 20, correction: holm}
  - baseline: {beats: baseline}
)");
  gate.expect(0, {"policy", "set", "flights", "tested.yaml"});
  CHECK_THAT(gate.promote(11, "2").out, Contains("assay evaluate flights@2 --against flights@1 --data "
                                                 "default/flights-holdout@1 --set confidence=0.95") &&
                                            Contains("--by carrier") && Contains("assay train --plugin baseline"));
  gate.evaluate("flights@2");
  gate.promote(11, "2");
  const std::string said = gate.expect(0, {"evaluate", "flights@2", "--against", "flights@production", "--data",
                                           "flights-holdout@1", "--by", "carrier"})
                               .out;
  CHECK_THAT(said, Contains("comparison of flights@2 on flights-holdout@1 against flights@1") &&
                       Contains("roc_auc:delong") && Contains("accuracy:mcnemar") && Contains("f1:paired_bootstrap"));
  CHECK_THAT(gate.promote(0, "2").out, Contains("better than that of the champion flights@1") &&
                                           Contains("a model that baseline trained"));
  gate.train("linear", {"--set", "cost=0.01"});
  gate.expect(0, {"evaluate", "flights@3", "--against", "flights@1", "--data", "flights-holdout@1", "--by", "carrier"});
  CHECK_THAT(gate.promote(11, "3").out, Contains("--against flights@2"));
  gate.write("prepared.yaml", R"(stage: production
rules:
  - champion: {name: brier, dataset: flights-holdout@1, margin: -0.5}
  - champion: {name: roc_auc, dataset: flights-holdout@1, margin: -0.5, test: delong, confidence: 0.9}
  - slices: {name: recall, by: carrier, no_worse_than: -0.9, min_rows: 20, correction: holm}
  - validation: {dataset: flights-train@1, severity_below: error}
)");
  gate.expect(0, {"policy", "set", "flights", "prepared.yaml"});
  const ProcessResult looked = gate.promote(0, "3", {"--prepare", "--dry-run"});
  CHECK_THAT(looked.err,
             Contains("assay evaluate flights@3 --data default/flights-holdout@1 --plugin classification") &&
                 Contains("assay evaluate flights@2 --data") &&
                 Contains("assay evaluate flights@3 --against flights@2 --data default/flights-holdout@1 --plugin "
                          "classification --set confidence=0.9\n") &&
                 Contains("--set confidence=0.95 --by carrier") &&
                 Contains("assay validate default/flights-train@1 --plugin table_contract"));
  CHECK_THAT(gate.promote(0, "3", {"--prepare"}).err, !Contains("assay evaluate"));
  CHECK_THAT(gate.expect(60, {"evaluate", "flights@3", "--against", "flights@3", "--data", "flights-holdout@1"}).err,
             Contains("same version"));
}

TEST_CASE("Promotion: a policy that could let nothing pass is refused, or warned of, with the next step") {
  Gate gate;
  const auto set = [&](int exit_code, const std::string& rules, const std::string& top = "") {
    gate.write("tried.yaml", "stage: production\n" + top + "rules:\n" + rules);
    return gate.expect(exit_code, {"policy", "set", "flights", "tried.yaml"}).err;
  };
  const std::string before = gate.json({"policy", "show", "flights", "--stage", "production"})["digest"];
  CHECK_THAT(set(60, "  - metric: {name: roc_auc, dataset: flights-holduot@1, at_least: 0.8}\n"),
             Contains("flights-holdout"));
  CHECK_THAT(set(60, "  - metric: {dataset: flights-holdout@1, at_least: 0.8}\n"), Contains("assay problem set"));
  CHECK_THAT(set(60, "  - metric: {name: roc_auc, dataset: flights-holdout@1, at_least: .nan}\n"), Contains("at_least"));
  CHECK_THAT(set(60, "  - problem: required\n", "freeze: [\"Fri 16:00/Mon 08:00 Europe/Berlni\"]\n"), Contains("Europe/Berlin"));
  gate.write("staging.yaml", "stage: staging\nfrom: canary\nrules: []\n");
  gate.write("canary.yaml", "stage: canary\nfrom: production\nrules: []\n");
  gate.expect(0, {"policy", "set", "flights", "staging.yaml"});
  gate.expect(0, {"policy", "set", "flights", "canary.yaml"});
  CHECK_THAT(set(60, "  - problem: required\n", "from: staging\n"),
             Contains("ring (production from staging from canary from production)"));
  CHECK(gate.json({"policy", "show", "flights", "--stage", "production"})["digest"] == before);
  CHECK_THAT(set(0, "  - metric: {name: roc_acu, dataset: flights-holdout@1, at_least: 0.8}\n"),
             Contains("warning") && Contains("did you mean \"roc_auc\""));
  gate.promote(11, "1");
}

TEST_CASE("Promotion: a version whose bytes were lost enters no stage, by promotion or by rollback") {
  Gate gate;
  gate.promote(0, "1");
  gate.evaluate("flights@2");
  gate.promote(0, "2");
  const std::string before = gate.holds();
  gate.stop();
  for (const auto& pack : std::filesystem::directory_iterator(gate.data() / "blobs" / "packs"))
    std::filesystem::remove(pack.path());
  gate.start();
  CHECK_THAT(gate.promote(40, "1").err, Contains("flights@1") && Contains("--resend"));
  CHECK_THAT(gate.expect(40, {"rollback", "flights", "--stage", "production"}).err, Contains("damaged"));
  CHECK(gate.holds() == before);
}

TEST_CASE("Promotion: a policy takes from the model's problem what it leaves out") {
  Gate gate;
  gate.write("problem.yaml", "target: late\nunit: a flight\nprimary_metric: roc_auc\nmargin: -0.5\nowner: operations\n"
                             "cost_matrix: {fn: 5, fp: 1}\nguardrails:\n  - {name: log_loss, at_most: 5}\n");
  gate.expect(0, {"problem", "set", "flights", "problem.yaml"});
  gate.write("short.yaml", "stage: production\nrules:\n  - metric: {dataset: flights-holdout@1, at_least: 0.4}\n"
                           "  - champion: {dataset: flights-holdout@1}\n  - cost: {at_most: 5}\n"
                           "  - guardrails: {dataset: flights-holdout@1}\n  - problem: required\n");
  CHECK_THAT(gate.expect(0, {"policy", "set", "flights", "short.yaml"}).out,
             Contains("roc_auc") && Contains("log_loss") && Contains("\"fn\":5"));
  CHECK_THAT(gate.promote(0, "1").out, Contains("log_loss"));
  CHECK_THAT(gate.expect(11, {"policy", "test", "flights@2", "short.yaml"}).out, Contains("assay evaluate flights@2"));
}

TEST_CASE("Promotion: a manifest moves all its stages or none") {
  Gate gate;
  gate.write("release.yaml", "promotions:\n  - {model: flights, version: 2, stage: production}\n"
                             "  - {model: flights, version: 1, stage: canary}\n");
  CHECK_THAT(gate.expect(11, {"promote", "--manifest", "release.yaml"}).out,
             Contains("withheld") && Contains("missing_evidence"));
  CHECK(gate.expect(60, {"explain", "flights@canary"}).err.find("canary") != std::string::npos);
  gate.evaluate("flights@2");
  CHECK_THAT(gate.expect(0, {"promote", "--manifest", "release.yaml", "--dry-run"}).out, Contains("dry run"));
  gate.expect(0, {"promote", "--manifest", "release.yaml"});
  CHECK_THAT(gate.expect(0, {"promote", "--manifest", "release.yaml"}).out, Contains("already_there"));
  gate.write("wrong.yaml", "- {model: flights}\n");
  gate.expect(60, {"promote", "--manifest", "wrong.yaml"});
  gate.expect(60, {"promote"});
}

TEST_CASE("Promotion: a plan is carried out, or says what is otherwise now") {
  Gate gate;
  gate.promote(0, "1");
  gate.evaluate("flights@2");
  gate.promote(0, "2", {"--dry-run", "--plan", "plan.json"});
  gate.evaluate("flights@2");
  const auto late = gate.promote(30, "2", {"--plan", "plan.json"});
  CHECK_THAT(late.err, Contains("out of date") && Contains("decided by other evidence"));
  gate.promote(0, "2", {"--dry-run", "--plan", "plan.json"});
  gate.promote(0, "2", {"--plan", "plan.json"});
  gate.promote(0, "2", {"--plan", "plan.json"});  // there already: a job that is run again has nothing to do
  gate.write("no.json", "{}");
  gate.promote(60, "2", {"--plan", "no.json"});
  CHECK_THAT(gate.promote(30, "1", {"--plan", "plan.json"}).err, Contains("the version"));
}

TEST_CASE("Promotion: a decision in every format, now and from the record") {
  Gate gate;
  gate.promote(0, "1", {"--format", "md", "--output", "summary.md"});
  const std::string summary = read_file(gate.file("summary.md"));
  CHECK_THAT(summary, Contains("### \u2705 flights@1 to production") && Contains("<details>"));
  const std::string id = gate.json({"explain", "flights@production"})["decision"]["id"];
  CHECK(gate.expect(0, {"explain", id, "--format", "md"}).out == summary);
  CHECK(gate.expect(0, {"explain", "flights@production", "--format", "md"}).out == summary);
  CHECK_THAT(gate.expect(0, {"explain", id, "--format", "junit"}).out, Contains("failures=\"0\""));
  CHECK(gate.json({"explain", id})["id"] == id);
  gate.expect(60, {"explain", "01kb2h5v0q4t8w9xaz3c6d7efg"});
}

TEST_CASE("Promotion: a policy is tried on a version and on the past before it is set") {
  Gate gate;
  gate.promote(0, "1");
  gate.evaluate("flights@2");
  gate.promote(0, "2");
  gate.write("strict.yaml", "stage: production\nrules:\n  - metric: {name: roc_auc, dataset: flights-holdout@1, "
                            "at_least: 0.999}\n");
  CHECK_THAT(gate.expect(10, {"policy", "test", "flights@1", "strict.yaml"}).out, Contains("it would pass"));
  gate.expect(0, {"policy", "test", "flights@2", "gate.yaml"});
  CHECK_THAT(gate.expect(0, {"policy", "backtest", "flights", "strict.yaml"}).out,
             Contains("would have blocked: 2, 1; would have admitted: none"));
  CHECK(gate.json({"policy", "backtest", "flights", "gate.yaml"})["differing"] == 0);
}

TEST_CASE("Promotion: what a revoked plugin measured does not count, and a new measurement does") {
  Gate gate;
  const auto evidence = gate.json({"promote", "flights@1", "--to", "production", "--dry-run"});
  REQUIRE(evidence["verdict"] == "promoted");
  const std::string library = gate.json({"lineage", "flights@1"})["evidence"][0]["plugin"]["digest"];
  gate.expect(0, {"plugin", "revoke", library, "--reason", "counts ties twice"});
  CHECK_THAT(gate.promote(11, "1").out, Contains("counts ties twice"));
  gate.expect(0, {"plugin", "reinstate", library, "--reason", "checked"});
  gate.promote(0, "1");
  // What a revoked plugin trained neither enters a stage, with or without a policy, nor comes back to it.
  gate.evaluate("flights@2");
  gate.promote(0, "2");
  const std::string trainer = gate.json({"lineage", "flights@1"})["run"]["plugin"]["digest"];
  gate.expect(0, {"plugin", "revoke", trainer, "--reason", "leaks the label"});
  CHECK_THAT(gate.promote(10, "1").out, Contains("leaks the label"));
  CHECK_THAT(gate.expect(10, {"promote", "flights@1", "--to", "canary"}).out, Contains("leaks the label"));
  CHECK_THAT(gate.expect(50, {"rollback", "flights", "--stage", "production"}).err, Contains("leaks the label"));
}

TEST_CASE("Promotion: of 64 processes that promote at once, one wins each generation") {
  Registry registry;
  for (int i = 1; i <= 4; ++i) {
    registry.write("model.bin", fmt::format("model {}", i));
    registry.expect(0, {"push", "model", "churn", "model.bin"});
  }
  registry.expect(0, {"promote", "churn@1", "--to", "production"});
  int generation = 1;
  for (const char* next : {"churn@2", "churn@3"}) {
    std::vector<std::unique_ptr<Process>> all;
    for (int i = 0; i < 64; ++i)
      all.push_back(registry.begin({"promote", i % 2 == 0 ? next : "churn@4", "--to", "production", "--expect",
                                    std::to_string(generation)}));
    std::map<int, int> ended;
    for (const auto& each : all) ++ended[each->wait()];
    CHECK(ended == std::map<int, int>{{0, 1}, {30, 63}});
    registry.expect(0, {"promote", "churn@1", "--to", "production"});
    generation += 2;
  }
  // Each decision once: the first, and each winner and the way back. The losers decided nothing.
  const auto history = registry.json({"history", "churn", "--stage", "production"});
  CHECK(history.size() == 5);
  for (std::size_t i = 0; i < history.size(); ++i) {
    CHECK(history[i]["changed"] == true);
    CHECK(history[i]["revision_after"] == 5 - i);
  }
}

}  // namespace assay::test
