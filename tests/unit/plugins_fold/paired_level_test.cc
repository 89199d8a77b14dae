// SPDX-License-Identifier: Apache-2.0
// How often the paired tests promote a model that is no better, and how often one that is.
#include <cmath>
#include <iostream>

#include "fold_fixture.h"
#include "plugins/classification/paired.h"

namespace assay {
namespace {

const classification::Poll never = [] {};

// Two models that see the same signal, each through noise of its own.
classification::PairedSample drawn(int rows, double own_noise, double other_noise, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  classification::PairedRows pairs;
  classification::GroupedRows added = pairs.none();
  for (int i = 0; i < rows; ++i) {
    const bool label = random() % 10 < 3;
    const double signal = (label ? 1.3 : 0) + normal(random);
    const auto score = [&](double noise) {
      return 1 / (1 + std::exp(-(signal - 0.9 + noise * normal(random))));
    };
    const double own = score(own_noise), other = score(other_noise);
    added.add(classification::pair_of(own, other, label), {});
  }
  pairs.merge(added);
  classification::PairedSample out;
  pairs.for_each_slice(never, [&](const std::string&, const classification::PairedSample& all) { out = all; });
  return out;
}

// In how many of `rounds` contests the worse end of the interval is no worse than 0, by test.
std::map<std::string, int> promotions(int rounds, int rows, double own_noise, double other_noise,
                                      std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::map<std::string, int> out;
  const classification::Settings settings;
  for (int round = 0; round < rounds; ++round) {
    const auto sample = drawn(rows, own_noise, other_noise, random);
    std::vector<sdk::Metric> metrics;
    classification::report_pair(sample, "", settings, {seed + static_cast<std::uint64_t>(round), 200, 0.95}, never,
                                metrics);
    for (const sdk::Metric& row : metrics) {
      REQUIRE((row.ci_low && row.ci_high));
      out[row.name] += (row.higher_is_better ? *row.ci_low : -*row.ci_high) >= 0 ? 1 : 0;
    }
  }
  return out;
}

const char* const kJudged[] = {"roc_auc:delong",           "accuracy:mcnemar",        "roc_auc:paired_bootstrap",
                               "accuracy:paired_bootstrap", "brier:paired_bootstrap", "log_loss:paired_bootstrap"};

}  // namespace

TEST_CASE("Paired: of equal models no test promotes more than its level allows") {
  constexpr int kRounds = 1000;
  constexpr double kLevel = 0.025;  // the lower end of an interval of 95 %
  constexpr std::uint64_t kSeed = 20135;
  const double most = kLevel + 3 * std::sqrt(kLevel * (1 - kLevel) / kRounds);
  auto counts = promotions(kRounds, 400, 0.6, 0.6, kSeed);
  for (const char* test : kJudged) {
    const double share = static_cast<double>(counts[test]) / kRounds;
    std::cout << "false promotions by " << test << ": " << share << " of " << kRounds << ", at most " << most
              << " (seed " << kSeed << ")\n";
    CHECK(share <= most);
  }
}

TEST_CASE("Paired: a model that is better is found out, and more surely the more rows there are") {
  constexpr int kRounds = 200;
  constexpr std::uint64_t kSeed = 20136;
  auto few = promotions(kRounds, 300, 0.3, 0.7, kSeed), many = promotions(kRounds, 1500, 0.3, 0.7, kSeed);
  for (const char* test : kJudged) {
    const double small = static_cast<double>(few[test]) / kRounds, large = static_cast<double>(many[test]) / kRounds;
    std::cout << "power of " << test << ": " << small << " with 300 rows, " << large << " with 1500 (seed " << kSeed
              << ")\n";
    CHECK(large > small);
    CHECK(large > 0.5);
  }
}

}  // namespace assay
