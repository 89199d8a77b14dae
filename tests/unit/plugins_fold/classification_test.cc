// SPDX-License-Identifier: Apache-2.0
// The evaluator's numbers against scikit-learn's and SciPy's.
#include <cmath>

#include "fold_fixture.h"
#include "plugins/classification/intervals.h"
#include "plugins/classification/philox.h"

namespace assay {
namespace {

using namespace fold_test;
using nlohmann::json;

FakeData table_of(const std::vector<std::int64_t>& labels, const std::vector<double>& scores) {
  return FakeData()
      .i64("late", {labels.begin(), labels.end()})
      .f64("score", {scores.begin(), scores.end()})
      .with_role("label", "late")
      .with_role("score", "score");
}

FakeData table_of(const json& c) {
  return table_of(c.at("labels").get<std::vector<std::int64_t>>(), c.at("scores").get<std::vector<double>>());
}

sdk::testing::Json::Object settings_of(const json& c) {
  sdk::testing::Json::Object out;
  for (const auto& [name, value] : c.at("settings").items()) out.insert_or_assign(name, value.get<double>());
  return out;
}

const classification::Poll never = [] {};

classification::Sample sample_of(const classification::Observations& rows) {
  classification::Sample out;
  rows.for_each_slice(never, [&](const classification::Slice& slice) { out = slice.sample; });
  return out;
}

classification::Sample sample_of(const json& c) {
  const auto labels = c.at("labels").get<std::vector<int>>();
  const auto scores = c.at("scores").get<std::vector<double>>();
  classification::Observations rows;
  for (std::size_t i = 0; i < labels.size(); ++i) rows.add(scores[i], labels[i] == 1, {});
  return sample_of(rows);
}

void check_value(double got, const json& wanted) {
  if (wanted.is_null())
    CHECK(std::isnan(got));
  else
    CHECK(got == Approx(wanted.get<double>()).epsilon(1e-12).margin(1e-15));
}

void check_list(const json& got, const json& wanted) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK(got[i].get<double>() == Approx(wanted[i].get<double>()).epsilon(1e-12));
}

// The points that were left out lie on the lines between those that are there, so the area is still exact.
void check_roc(const json& roc, const json& area) {
  const auto fpr = roc.at("fpr").get<std::vector<double>>(), tpr = roc.at("tpr").get<std::vector<double>>();
  REQUIRE(fpr.size() == tpr.size());
  REQUIRE(fpr.empty() == area.is_null());
  if (fpr.empty()) return;
  CHECK(roc.at("threshold")[0].is_null());
  CHECK((fpr.front() == 0 && tpr.front() == 0 && fpr.back() == 1 && tpr.back() == 1));
  double sum = 0;
  for (std::size_t i = 1; i < fpr.size(); ++i) sum += (fpr[i] - fpr[i - 1]) * (tpr[i] + tpr[i - 1]) / 2;
  CHECK(sum == Approx(area.get<double>()).margin(1e-12));
}

}  // namespace

TEST_CASE("Classification: every metric equals scikit-learn's, ties and degenerate classes included") {
  const FakeHost host = FakeHost::load(ASSAY_CLASSIFICATION);
  for (const json& c : golden("classification.json")) {
    INFO(c.at("name").get<std::string>());
    const auto component = host.component("classification", settings_of(c));
    const FakeData data = table_of(c);
    const std::vector<Row> rows = Folder{component, ASSAY_CAP_EVALUATOR_V1}.whole(data);
    CHECK(rows.size() == c.at("values").size());
    for (const auto& [name, value] : c.at("values").items()) {
      INFO(name);
      const Row& row = only(rows, {{"name", name}, {"slice", ""}});
      check_value(number(row, "value"), value);
      CHECK(row.at("n") == std::to_string(data.rows()));
    }
  }
}

TEST_CASE("Classification: Wilson's and DeLong's intervals equal their definitions") {
  const FakeHost host = FakeHost::load(ASSAY_CLASSIFICATION);
  for (const json& c : golden("classification.json")) {
    INFO(c.at("name").get<std::string>());
    const auto component = host.component("classification", settings_of(c));
    const std::vector<Row> rows = Folder{component, ASSAY_CAP_EVALUATOR_V1}.whole(table_of(c));
    for (const auto& [name, interval] : c.at("intervals").items()) {
      INFO(name);
      const Row& row = only(rows, {{"name", name}});
      CHECK((row.at("ci_low") == "-") == interval[0].is_null());
      if (interval[0].is_null()) continue;
      CHECK(number(row, "ci_low") == Approx(interval[0].get<double>()).epsilon(1e-9).margin(1e-12));
      CHECK(number(row, "ci_high") == Approx(interval[1].get<double>()).epsilon(1e-9).margin(1e-12));
    }
    const auto variance = classification::delong_variance(sample_of(c), never);
    REQUIRE(variance.has_value() == !c.at("delong_variance").is_null());
    if (!variance) continue;
    CHECK(*variance == Approx(c.at("delong_variance").get<double>()).epsilon(1e-11).margin(1e-18));
    const Row& area = only(rows, {{"name", "roc_auc"}});
    const double half = classification::normal_quantile(0.95) * std::sqrt(*variance);
    CHECK(number(area, "ci_low") == Approx(std::max(0.0, number(area, "value") - half)).margin(1e-12));
    CHECK(number(area, "ci_high") == Approx(std::min(1.0, number(area, "value") + half)).margin(1e-12));
  }
}

TEST_CASE("Classification: curves go to the extras as scikit-learn draws them") {
  const FakeHost host = FakeHost::load(ASSAY_CLASSIFICATION);
  const auto component = host.component("classification", {{"bootstrap_resamples", 0}});
  for (const json& c : golden("classification.json")) {
    INFO(c.at("name").get<std::string>());
    const FakeData data = table_of(c);
    FakeFold fold(component, ASSAY_CAP_EVALUATOR_V1, data);
    fold.update(data);
    FakeBundle extras;
    rows_of(fold, &extras);
    const json roc = json::parse(*extras.find("roc.json"));
    const json calibration = json::parse(*extras.find("calibration.json"));
    check_roc(roc, c.at("values").at("roc_auc"));
    json shares = json::array(), means = json::array();
    for (const json& bin : calibration.at("bins")) {
      if (bin.at("n") == 0) continue;
      shares.push_back(bin.at("share_positive"));
      means.push_back(bin.at("mean_score"));
    }
    check_list(shares, c.at("calibration").at("share_positive"));
    check_list(means, c.at("calibration").at("mean_score"));
    CHECK(json::parse(*extras.find("pr.json")).at("recall").empty() ==
          (c.at("values").at("prevalence") == 0.0));
  }
}

TEST_CASE("Classification: the counter-based generator gives the published numbers") {
  using classification::philox;
  CHECK(philox(0, {0, 0, 0, 0}) ==
        classification::PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox(~0ull, {~0u, ~0u, ~0u, ~0u}) ==
        classification::PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  double mean = 0, square = 0;
  constexpr std::uint32_t draws = 100'000;
  for (std::uint32_t i = 0; i < draws; ++i) {
    const double count = classification::poisson_of(philox(7, {i, 0, 0, 0})[0]);
    mean += count / draws;
    square += count * count / draws;
  }
  CHECK(mean == Approx(1).margin(0.015));
  CHECK(square - mean * mean == Approx(1).margin(0.03));
}

TEST_CASE(
    "Classification: bootstrap intervals follow the seed and have the width of the normal approximation") {
  std::mt19937_64 random(5);
  classification::Observations rows;
  std::uniform_real_distribution<double> uniform;
  for (int i = 0; i < 2000; ++i) {
    const double score = uniform(random);
    rows.add(score, uniform(random) < score, {});
  }
  const classification::Sample sample = sample_of(rows);
  const classification::Settings settings;
  const classification::Evaluated evaluated(sample, settings, never);
  const auto intervals = [&](std::uint64_t seed) {
    return *classification::bootstrap(evaluated, evaluated.summary(), {seed, 500, 0.95}, never).brier;
  };
  double mean = 0, square = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double error = std::pow(sample.scores[i] - sample.labels[i], 2);
    mean += error / 2000;
    square += error * error / 2000;
  }
  const double width = 2 * 1.959964 * std::sqrt((square - mean * mean) / 2000);
  const classification::Interval one = intervals(1);
  CHECK(one.high - one.low == Approx(width).epsilon(0.12));
  CHECK((one.low < mean && mean < one.high));
  CHECK(intervals(1).low == one.low);
  CHECK(intervals(2).low != one.low);
}

}  // namespace assay
