// SPDX-License-Identifier: Apache-2.0
// How often the detector is wrong: alarms on windows without drift, silence on windows with it. Seeds are
// fixed.
#include <cmath>

#include "fold_fixture.h"

namespace assay {
namespace {

using namespace fold_test;

const FakeHost& host() {
  static const FakeHost it = FakeHost::load(ASSAY_DRIFT);
  return it;
}

// Columns of the kinds that real tables have. `shift` is in standard deviations of the column "normal".
FakeData table(int rows, double shift, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<std::optional<double>> bell, skewed, sparse;
  std::vector<std::optional<std::int64_t>> count;
  std::vector<std::optional<std::string>> category;
  for (int i = 0; i < rows; ++i) {
    bell.push_back(normal(random) + shift);
    skewed.push_back(random() % 20 == 0 ? std::nullopt
                                        : std::optional<double>(std::exp(1.5 * normal(random))));
    sparse.push_back(random() % 10 == 0 ? normal(random) : 0.0);
    count.push_back(static_cast<std::int64_t>(random() % 7 * (random() % 5)));
    category.push_back(std::string(1, static_cast<char>('a' + random() % 4 * (random() % 6))));
  }
  return FakeData()
      .f64("normal", bell)
      .f64("skewed", skewed)
      .f64("sparse", sparse)
      .i64("count", count)
      .utf8("category", category);
}

struct Flags {
  bool any = false;
  std::map<std::string, bool> of_normal;  // by statistic
};

Flags flags(const FakeComponent& component, const FakeData& reference, const FakeData& current) {
  const Folder folder{component, ASSAY_CAP_DRIFT_V1};
  FakeBundle state = folder.state(reference);
  Flags out;
  for (const Row& row : folder.whole(current, &state)) {
    const bool drifted = row.at("drifted") == "1";
    out.any = out.any || drifted;
    if (row.at("column") == "normal") out.of_normal[row.at("statistic")] = drifted;
  }
  return out;
}

}  // namespace

TEST_CASE("Drift: of 200 pairs without drift hardly one is called drifted") {
  const auto component = host().component("drift");
  // Effect thresholds of 0 leave the tests alone to decide: then alpha is the share of false alarms.
  const auto tests_alone = host().component("drift", {{"ks_threshold", 0},
                                                      {"psi_threshold", 0},
                                                      {"js_threshold", 0},
                                                      {"wasserstein_threshold", 0},
                                                      {"cramers_v_threshold", 0},
                                                      {"l_infinity_threshold", 0},
                                                      {"new_category_threshold", 0},
                                                      {"null_rate_threshold", 0},
                                                      {"alpha", 0.05}});
  int alarms = 0, significant = 0;
  for (std::uint64_t pair = 0; pair < 200; ++pair) {
    const FakeData reference = table(800, 0, 1000 + 2 * pair), current = table(600, 0, 1001 + 2 * pair);
    alarms += flags(component, reference, current).any ? 1 : 0;
    significant += flags(tests_alone, reference, current).any ? 1 : 0;
  }
  CHECK(alarms <= 4);        // alpha 0.01: 2 expected of the tests alone
  CHECK(significant <= 19);  // alpha 0.05: 10 expected, 19 is three standard deviations more
}

TEST_CASE("Drift: a shift of 0.2 standard deviations shows at 5000 rows, in the shifted column only") {
  const auto component = host().component("drift");
  const auto sensitive = host().component("drift", {{"psi_threshold", 0.02}, {"js_threshold", 0.05}});
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    INFO("seed " << seed);
    const FakeData reference = table(5000, 0, 5000 + seed), current = table(5000, 0.2, 6000 + seed);
    Flags found = flags(component, reference, current);
    CHECK(found.of_normal["ks"]);
    CHECK(found.of_normal["wasserstein"]);
    found = flags(sensitive, reference, current);
    CHECK(found.of_normal["psi"]);
    CHECK(found.of_normal["js_distance"]);
    CHECK_FALSE(flags(sensitive, reference, table(5000, 0, 7000 + seed)).any);
  }
}

}  // namespace assay
