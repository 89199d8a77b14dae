// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/tune.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/compute/sample_rows.h"
#include "registry/compute/search_space.h"
#include "tests/support/catch.h"
#include "tests/unit/compute/errors.h"
#include "tests/unit/compute/fakes.h"

namespace assay::test {
namespace {

using nlohmann::json;

// Rows whose label is the feature, less one: the best shift makes up for the mean.
std::string table(int rows) {
  std::string out = "a,y\n";
  for (int row = 0; row < rows; ++row) out += std::to_string(row % 7) + ',' + std::to_string(row % 7 - 1) + '\n';
  return out;
}

struct Desk {
  FakePlugins plugins;
  FakeArtifacts artifacts;
  FakeRuns runs;
  Progress nobody;
  Workbench bench{plugins, artifacts, runs};
  TuneRequest request;

  explicit Desk(int rows = 20) {
    artifacts.add(Kind::dataset, "train@1", {{"data.csv", table(rows)}});
    artifacts.add(Kind::dataset, "valid@1", {{"data.csv", table(70)}});
    request.train = {.plugin = "fake", .data = "train@1", .valid = "valid@1", .label = "y", .to = "churn"};
    request.evaluator = "fake";
    request.metric = "mae";
    request.trials = 27;
  }

  TuneResult tune(std::uint64_t seed = 7) {
    CallOptions options;
    options.seed = seed;
    return assay::tune(request, bench, options, nobody);
  }
};

double shift_of(const Trial& trial) {
  return json::parse(trial.config.canonical).value("shift", 0.0);
}

}  // namespace

TEST_CASE("Tune: the best settings become the model, in the direction that the evaluator calls better") {
  Desk desk;
  desk.request.method = SearchMethod::random;
  const TuneResult result = desk.tune();
  CHECK_FALSE(result.higher_is_better);
  REQUIRE(result.trials.size() == 27);
  for (const Trial& trial : result.trials) CHECK(*trial.value >= *result.best.value);
  CHECK(*result.best.value < *result.trials.front().value);
  const BundleInfo info = fetch_model_bundle(desk.artifacts, result.model.model).info;
  CHECK(info.config == result.best.config);
  // Every trial and the last training are runs; only the last has a model.
  CHECK(desk.runs.drafts.size() == 28);
  CHECK(desk.runs.outcomes.at(FakeRuns::id(1).text()).metrics.back().name == "valid_mae");
  CHECK(desk.runs.outcomes.at(FakeRuns::id(28).text()).outputs.size() == 1);
}

TEST_CASE("Tune: trial 0 is the defaults, and a trial's settings do not depend on how many there are") {
  Desk desk;
  desk.request.method = SearchMethod::random;
  const TuneResult many = desk.tune();
  CHECK(shift_of(many.trials[0]) == 0);
  desk.request.trials = 5;
  const TuneResult few = desk.tune();
  for (std::size_t i = 0; i < few.trials.size(); ++i) {
    CHECK(few.trials[i].config == many.trials[i].config);
    CHECK(few.trials[i].value == many.trials[i].value);
  }
  CHECK(desk.tune(8).trials[1].config != few.trials[1].config);
}

TEST_CASE("Tune: halving begins on few rows and ends with one in three, nine or twenty-seven on all") {
  Desk desk(20'000);
  const TuneResult result = desk.tune();
  std::map<std::int64_t, int> fits;
  for (const Trial& trial : result.trials) ++fits[trial.rows];
  REQUIRE(fits.size() == 4);
  std::vector<int> counts;
  for (const auto& [rows, count] : fits) counts.push_back(count);
  CHECK(counts == std::vector<int>{27, 9, 3, 1});
  CHECK(std::abs(static_cast<double>(fits.begin()->first) - 20'000.0 / 27) < 100);
  CHECK(result.best.rows == 20'000);
  CHECK(result.best.number == result.trials.back().number);
}

TEST_CASE("Tune: with too few rows to divide, every trial sees all of them") {
  Desk desk(1'400);
  for (const Trial& trial : desk.tune().trials) CHECK(trial.rows == 1'400);
}

TEST_CASE("Tune: settings that the plugin refuses are failed trials; when it refuses all, its reason is the end") {
  Desk desk;
  desk.request.method = SearchMethod::random;
  desk.plugins.refused_below = 0;
  const TuneResult result = desk.tune();
  int failed = 0;
  for (const Trial& trial : result.trials) {
    CHECK(trial.value.has_value() == (shift_of(trial) >= 0));
    failed += !trial.value;
    if (!trial.value) CHECK(trial.failure == "such a shift is refused");
  }
  CHECK(failed > 5);
  desk.plugins.refused_below = 10;
  CHECK(error_of([&] { desk.tune(); }).message() == "such a shift is refused");
  CHECK(desk.artifacts.versions.count("churn@1") == 1);  // of the first search alone
}

TEST_CASE("Tune: what cannot be searched or judged is refused before the first fit, or after it by name") {
  Desk desk;
  desk.request.metric = "auc";
  const Error unknown = error_of([&] { desk.tune(); });
  CHECK(contains(unknown.message(), "gives no metric \"auc\"; it gives count, mae"));
  CHECK(desk.runs.drafts.size() == 1);
  desk.request.metric = "mae";
  desk.request.train.config = R"({"shift":1})";
  CHECK(contains(error_of([&] { desk.tune(); }).message(), "beside those that --set fixes"));
  desk.request.train.config = "{}";
  desk.request.train.label = "z";
  CHECK(contains(error_of([&] { desk.tune(); }).message(), "train@1 has no column \"z\""));
  desk.request.train.valid = "";
  CHECK(contains(error_of([&] { desk.tune(); }).message(), "--valid"));
}

TEST_CASE("Search space: draws stay in their ranges, whole numbers reach both ends alike") {
  const char* schema =
      R"({"properties":{"depth":{"type":"integer","x-tunable":{"minimum":2,"maximum":4}},
          "rate":{"type":"number","x-tunable":{"minimum":0.001,"maximum":1,"scale":"log"}},
          "kind":{"enum":["a","b","c"],"x-tunable":true},"fixed":{"type":"number"}}})";
  const auto space = search_space(schema, "p");
  REQUIRE(space.size() == 3);
  std::map<int, int> depths;
  std::map<std::string, int> kinds;
  int small = 0;
  constexpr int draws = 3'000;
  for (std::uint64_t number = 1; number <= draws; ++number) {
    const json settings = draw_settings(space, json::object(), 1, number);
    ++depths[settings.at("depth").get<int>()];
    ++kinds[settings.at("kind").get<std::string>()];
    const double rate = settings.at("rate").get<double>();
    CHECK((rate >= 0.001 && rate <= 1));
    small += rate < 0.01;
  }
  REQUIRE(depths.size() == 3);
  REQUIRE(kinds.size() == 3);
  // Each a third of the draws; five standard errors are 130.
  for (const auto& [depth, count] : depths) CHECK(std::abs(count - draws / 3) < 130);
  CHECK(std::abs(small - draws / 3) < 130);
}

TEST_CASE("Search space: --range narrows, adds and lists choices; nonsense is refused with the form") {
  const char* schema = R"({"properties":{"depth":{"type":"integer","x-tunable":{"minimum":2,"maximum":4}},
                           "kind":{"type":"string"},"rate":{"type":"number"}}})";
  auto space = search_space(schema, "p");
  narrow(space, "depth=7..7", schema, "p");
  narrow(space, "kind=a,b", schema, "p");
  narrow(space, "rate=0.1..1:log", schema, "p");
  const json settings = draw_settings(space, json::object(), 1, 1);
  CHECK(settings.at("depth") == 7);
  CHECK((settings.at("kind") == "a" || settings.at("kind") == "b"));
  CHECK(settings.at("rate").get<double>() >= 0.1);
  for (const char* bad : {"depth", "=1..2", "depth=", "depth=1..x", "depth=4..2", "rate=0..1:log", "deptH=1..2"})
    CHECK(error_of([&] { narrow(space, bad, schema, "p"); }).code() == Code::invalid_argument);
  CHECK(contains(error_of([&] { narrow(space, "dept=1..2", schema, "p"); }).message(), "depth"));
}

TEST_CASE("Sample: a smaller share is part of a larger one, in order, with every type and null") {
  const TablePtr all = read_csv("n,f,b,t\n1,1.5,true,x\n2,,false,\n3,2.5,,y\n4,3.5,true,z\n5,,true,w\n", {});
  CHECK(sample_rows(all, 1, 3) == all);
  std::set<std::int64_t> larger;
  const TablePtr most = sample_rows(all, 0.8, 3);
  for (std::int64_t row = 0; row < most->rows(); ++row) larger.insert(most->at("n", "").i64(row));
  const TablePtr some = sample_rows(all, 0.4, 3);
  CHECK(some->rows() < most->rows());
  for (std::int64_t row = 0; row < some->rows(); ++row) {
    const std::int64_t number = some->at("n", "").i64(row);
    CHECK(larger.count(number) == 1);
    for (const char* name : {"f", "b", "t"})
      CHECK(some->at(name, "").is_null(row) == all->at(name, "").is_null(number - 1));
  }
}

}  // namespace assay::test
