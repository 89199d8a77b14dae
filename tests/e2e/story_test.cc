// SPDX-License-Identifier: Apache-2.0
// The main job from an empty directory to a rollback, through the built program.
#include <nlohmann/json.hpp>

#include "registry/client/session.h"
#include "tests/e2e/flights.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string score_over_http(const Registry& registry, const std::string& csv) {
  client::Session session({client::Endpoint::parse(registry.url()), registry.admin_token(), {}, {}});
  client::Call call;
  call.method = "POST";
  call.target = "/api/v1/models/default/late-flights/versions/production:score";
  call.content_type = "text/csv";
  call.body = csv;
  return session.call(call, "scoring").body;
}

void push_tables(const Registry& registry) {
  registry.write("train.csv", flights_csv(3000, 1));
  registry.write("holdout.csv", flights_csv(1500, 2));
  registry.write("ordinary.csv", flights_csv(1000, 3));
  registry.write("storm.csv", flights_csv(1000, 4, Weather::storm));
  const auto pushed = registry.expect(0, {"push", "dataset", "flights-train", "train.csv"});
  CHECK(has(pushed.out, "flights-train@1 sha256:"));
  CHECK(has(pushed.out, "3000 rows"));
  CHECK(has(pushed.out, "carrier"));
  const auto again = registry.expect(0, {"push", "dataset", "flights-train", "train.csv"});
  CHECK(has(again.out, "already flights-train@1, nothing to do"));
  registry.expect(0, {"push", "dataset", "flights-holdout", "holdout.csv"});
  const auto versions = registry.json({"ls", "flights-train"});
  CHECK(versions.size() == 1);
}

nlohmann::json train(const Registry& registry, const std::string& plugin,
                     std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"train", "--plugin", plugin, "--data", "flights-train@1", "--target",
                                        "late",  "--seed",   "7",    "--to",   "late-flights"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return registry.json(arguments);
}

double roc_auc(const Registry& registry, const std::string& model) {
  const auto evaluation =
      registry.json({"evaluate", model, "--plugin", "classification", "--data", "flights-holdout@1"});
  for (const auto& row : evaluation["rows"])
    if (row["name"] == "roc_auc") return row["value"].get<double>();
  FAIL("no roc_auc");
  return 0;
}

const char* const kPolicy = R"(stage: production
from: staging
rules:
  - metric: {name: roc_auc, dataset: flights-holdout@1, at_least: 0.5}
  - champion: {name: roc_auc, dataset: flights-holdout@1, margin: 0.0}
)";

TEST_CASE("Story: from an empty directory to a rollback") {
  Registry registry;
  push_tables(registry);

  // Two models; the same training gives the same bytes.
  CHECK(train(registry, "baseline")["reference"] == "default/late-flights@1");
  const auto boosted = train(registry, "gbt", {"--set", "max_depth=4", "--set", "rounds=40"});
  CHECK(boosted["reference"] == "default/late-flights@2");
  const double baseline_auc = roc_auc(registry, "late-flights@1");
  const double boosted_auc = roc_auc(registry, "late-flights@2");
  CHECK(baseline_auc == Approx(0.5).margin(0.05));
  CHECK(boosted_auc > 0.7);

  // The stage moves through its policy only.
  registry.write("production.yaml", kPolicy);
  registry.expect(0, {"policy", "set", "late-flights", "--stage", "production", "production.yaml"});
  CHECK(has(registry.expect(0, {"policy", "show", "late-flights", "--stage", "production"}).out, "champion"));
  CHECK(registry.assay({"promote", "late-flights@1", "--to", "production"}).exit_code ==
        10);  // not from staging
  registry.expect(0, {"promote", "late-flights@1", "--to", "staging"});
  const auto first = registry.json({"promote", "late-flights@1", "--to", "production"});
  CHECK(first["verdict"] == "promoted");
  CHECK(registry.json({"promote", "late-flights@1", "--to", "production"})["changed"] == false);
  registry.expect(0, {"promote", "late-flights@2", "--to", "staging"});
  CHECK(registry.json({"promote", "late-flights@2", "--to", "production", "--dry-run"})["dry_run"] == true);
  registry.expect(30, {"promote", "late-flights@2", "--to", "production", "--expect", "99"});
  const auto second = registry.json({"promote", "late-flights@2", "--to", "production"});
  CHECK(second["champion"]["number"] == 1);

  // A worse one is refused, rule by rule; one without evidence has nothing to show.
  train(registry, "gbt", {"--set", "max_depth=1", "--set", "rounds=1"});
  registry.expect(0, {"promote", "late-flights@3", "--to", "staging"});
  registry.expect(11, {"promote", "late-flights@3", "--to", "production"});
  CHECK(roc_auc(registry, "late-flights@3") < boosted_auc);
  const auto refused = registry.expect(10, {"promote", "late-flights@3", "--to", "production"});
  CHECK(has(refused.out, "champion"));
  CHECK(has(refused.out, "fail"));

  // The same rows give the same bits, at the desk and over HTTP.
  registry.expect(0,
                  {"score", "late-flights@production", "--input", "ordinary.csv", "--output", "scored.csv"});
  const std::string scored = read_file(registry.file("scored.csv"));
  CHECK(std::count(scored.begin(), scored.end(), '\n') == 1001);
  CHECK(scored == score_over_http(registry, read_file(registry.file("ordinary.csv"))));
  CHECK(scored == registry.expect(0, {"score", "late-flights@production", "--input", "ordinary.csv"}).out);

  // Drift: a storm is reported, an ordinary week is not.
  const auto calm = registry.expect(0, {"drift", "late-flights@production", "--data", "ordinary.csv"});
  CHECK(has(calm.out, "no drift"));
  const auto storm = registry.expect(10, {"drift", "late-flights@production", "--data", "storm.csv"});
  CHECK(has(storm.out, "temp"));

  // Another algorithm, nothing else changed.
  CHECK(train(registry, "linear")["reference"] == "default/late-flights@4");
  CHECK(roc_auc(registry, "late-flights@4") > 0.7);
  registry.expect(
      0, {"validate", "flights-holdout@1", "--plugin", "table_contract", "--against", "flights-train@1"});

  // History that answers questions.
  const auto then = registry.json({"explain", "late-flights@production", "--at", first["at"]});
  CHECK(then["version"]["number"] == 1);
  CHECK(registry.json({"explain", "late-flights@production"})["version"]["number"] == 2);
  const auto back =
      registry.json({"rollback", "late-flights", "--stage", "production", "--reason", "complaints"});
  CHECK(back["verdict"] == "rolled_back");
  CHECK(registry.json({"explain", "late-flights@production"})["version"]["number"] == 1);
  const auto history = registry.expect(0, {"history", "late-flights", "--stage", "production"});
  CHECK(has(history.out, "complaints"));
  CHECK(has(registry.expect(0, {"lineage", "late-flights@2"}).out, "flights-train@1"));
  CHECK(registry.json({"runs", "list", "--limit", "100"}).size() >= 4);
  CHECK(has(registry.expect(0, {"runs", "show", boosted["run_id"]}).out, "max_depth"));

  // Every byte comes back verified; pulling again moves nothing; a damaged file is fetched anew.
  registry.expect(0, {"pull", "late-flights@2", "out"});
  CHECK(has(registry.expect(0, {"pull", "late-flights@2", "out"}).out, "were there already"));
  const std::string bundle = read_file(registry.file("out/assay.json"));
  registry.write("out/assay.json", "damaged");
  registry.expect(0, {"pull", "late-flights@2", "out"});
  CHECK(read_file(registry.file("out/assay.json")) == bundle);
  CHECK(has(registry.expect(0, {"fsck", "--data", registry.data().string()}).out, "no problems"));
  CHECK(registry.json({"stats"})["models"] == 1);
  CHECK(registry.json({"audit"}).size() > 5);
  CHECK(registry.stop() == 0);
  CHECK_FALSE(std::filesystem::exists(registry.data() / "server.json"));
  CHECK(has(registry.expect(0, {"fsck", "--data", registry.data().string()}).out, "no problems"));
}

TEST_CASE("Story: training is repeatable to the byte") {
  Registry registry;
  registry.write("train.csv", flights_csv(800, 5));
  registry.expect(0, {"push", "dataset", "flights-train", "train.csv"});
  for (const std::string plugin : {"baseline", "gbt", "linear"}) {
    INFO(plugin);
    CHECK(train(registry, plugin)["digest"] == train(registry, plugin)["digest"]);
  }
}

}  // namespace
}  // namespace assay::test
