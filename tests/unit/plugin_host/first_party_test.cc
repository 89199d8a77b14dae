// SPDX-License-Identifier: Apache-2.0
// The plugins of this house through real workers, from training to drift, as the command line drives them.
#include <fstream>

#include "registry/compute/drift.h"
#include "registry/compute/evaluate.h"
#include "registry/compute/score.h"
#include "registry/compute/train.h"
#include "registry/compute/validate.h"
#include "registry/plugin_host/check/check.h"
#include "registry/plugin_host/worker_plugins.h"
#include "tests/support/catch.h"
#include "tests/unit/compute/fakes.h"

namespace assay::test {
namespace {

// Flights that are late in the evening and in bad weather; `shift` makes every wind stronger.
std::string flights(int rows, unsigned seed, double shift = 0) {
  std::string csv = "late,dep_hour,carrier,wind,rainy\n";
  unsigned state = seed * 2654435761u + 1;
  const auto random = [&] { return (state = state * 1664525u + 1013904223u) >> 8; };
  for (int i = 0; i < rows; ++i) {
    const int hour = static_cast<int>(random() % 20) + 4;
    const double wind = static_cast<double>(random() % 400) / 10 + shift;
    const bool rainy = random() % 4 == 0;
    const bool late = hour + wind / 4 + (rainy ? 6 : 0) + random() % 12 > 26;
    csv += std::to_string(late) + ',' + std::to_string(hour) + ',' + (random() % 3 == 0 ? "UA" : "DL") + ',' +
           (i % 17 == 0 ? "" : format_f64(wind)) + ',' + (rainy ? "true" : "false") + '\n';
  }
  return csv;
}

struct House {
  WorkerPlugins plugins{{.worker = ASSAY_WORKER, .directories = {ASSAY_PLUGIN_FOLDER}, .registry = {}}};
  FakeArtifacts artifacts;
  FakeRuns runs;
  Progress nobody;
  Workbench bench{plugins, artifacts, runs};
  CallOptions options;

  House() {
    options.seed = 7;
    options.max_threads = 2;
    artifacts.add(Kind::dataset, "train@1", {{"data.csv", flights(2000, 1)}});
    artifacts.add(Kind::dataset, "holdout@1", {{"data.csv", flights(1000, 2)}});
    artifacts.add(Kind::dataset, "ordinary@1", {{"data.csv", flights(1000, 3)}});
    artifacts.add(Kind::dataset, "stormy@1", {{"data.csv", flights(1000, 4, 15)}});
  }
  TrainResult learn(const std::string& plugin) {
    return train({.plugin = plugin, .data = "train@1", .label = "late", .to = plugin}, bench, options,
                 nobody);
  }
  double metric(const std::string& model, const std::string& name) {
    const auto result = evaluate({.model = model + "@1", .data = "holdout@1", .plugin = "classification"},
                                 bench, options, nobody);
    for (const MetricRow& row : std::get<std::vector<MetricRow>>(result.draft.rows))
      if (row.name == name && row.slice.empty()) return row.value.value();
    FAIL("no metric " << name);
    return 0;
  }
};

TEST_CASE("First-party plugins: all of them pass the checker") {
  House house;
  const auto plugins = house.plugins.list();
  CHECK(plugins.size() >= 6);
  for (const PluginInfo& plugin : plugins)
    for (const CheckResult& each : check_plugin(plugin.origin, ASSAY_WORKER, {.level = CheckLevel::strict}).results) {
      INFO(plugin.name << ' ' << each.rule->id << ": " << each.found);
      CHECK(each.verdict != CheckVerdict::fail);
    }
}

TEST_CASE("First-party plugins: trained, evaluated and scored, each better than the baseline") {
  House house;
  house.learn("baseline");
  const double floor = house.metric("baseline", "roc_auc");
  for (const std::string plugin : {"linear", "gbt"}) {
    house.learn(plugin);
    INFO(plugin);
    CHECK(house.metric(plugin, "roc_auc") > floor + 0.1);
    const auto model = ScoredModel::load(house.artifacts.versions.at(plugin + "@1"), house.plugins,
                                         house.artifacts, house.options, house.nobody);
    const std::string rows = flights(50, 9);
    const std::string scored = model->score_csv(rows, "rows", house.options, house.nobody);
    CHECK(scored.starts_with("late,dep_hour,carrier,wind,rainy,prediction\n"));
    CHECK(model->score_csv(rows, "rows", house.options, house.nobody) == scored);
  }
}

TEST_CASE(
    "First-party plugins: the same seed gives the same model, another process and thread budget included") {
  for (const std::string plugin : {"baseline", "linear", "gbt"}) {
    INFO(plugin);
    House first, second;
    second.options.max_threads = 1;
    const auto left = first.learn(plugin).model.files, right = second.learn(plugin).model.files;
    REQUIRE(left.size() == right.size());
    for (std::size_t i = 0; i < left.size(); ++i) CHECK(left[i].digest == right[i].digest);
  }
}

TEST_CASE("First-party plugins: drift is reported for the stormy week and not for the ordinary one") {
  House house;
  house.learn("gbt");
  const auto watch = [&](const std::string& data) {
    return drift({.model = "gbt@1", .data = data, .plugin = "drift"}, house.bench, house.options,
                 house.nobody);
  };
  CHECK(watch("ordinary@1").passed());
  const EvidenceResult stormy = watch("stormy@1");
  CHECK_FALSE(stormy.passed());
  for (const DriftRow& row : std::get<std::vector<DriftRow>>(stormy.draft.rows))
    if (row.drifted) CHECK((row.column == "wind" || row.column == "prediction"));
}

TEST_CASE("First-party plugins: a renamed column fails validation and is named") {
  House house;
  std::string renamed = flights(500, 5);
  renamed.replace(renamed.find("dep_hour"), 8, "dep_houre");
  house.artifacts.add(Kind::dataset, "renamed@1", {{"data.csv", renamed}});
  const auto check = [&](const std::string& data) {
    return validate({.data = data, .against = "train@1", .plugin = "table-contract", .label = "late"},
                    house.bench, house.options, house.nobody);
  };
  CHECK(check("ordinary@1").passed());
  const EvidenceResult result = check("renamed@1");
  CHECK_FALSE(result.passed());
  bool named = false;
  for (const FindingRow& row : std::get<std::vector<FindingRow>>(result.draft.rows))
    named = named || (row.message.find("dep_houre") != std::string::npos &&
                      row.message.find("dep_hour") != std::string::npos);
  CHECK(named);
}

}  // namespace
}  // namespace assay::test
