// SPDX-License-Identifier: Apache-2.0
#include "fairness.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::classification {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

// The lowest and the highest of some rates.
class Range {
 public:
  void add(std::int64_t part, std::int64_t whole) {
    if (whole == 0) return;
    const double rate = static_cast<double>(part) / static_cast<double>(whole);
    low_ = std::min(low_, rate);
    high_ = std::max(high_, rate);
    ++rates_;
  }
  double difference() const { return rates_ < 2 ? kUndefined : high_ - low_; }
  double ratio() const { return rates_ < 2 ? kUndefined : low_ / high_; }

 private:
  double low_ = 1, high_ = 0;
  int rates_ = 0;
};

}  // namespace

Fairness fairness(const std::vector<Confusion>& groups) {
  Range flagged, found, false_alarms;
  for (const Confusion& c : groups) {
    flagged.add(c.flagged(), c.rows());
    found.add(c.true_positives, c.positives());
    false_alarms.add(c.false_positives, c.negatives());
  }
  const double recalls = found.difference(), alarms = false_alarms.difference();
  return {.demographic_parity_difference = flagged.difference(),
          .demographic_parity_ratio = flagged.ratio(),
          .equal_opportunity_difference = recalls,
          .equalized_odds_difference =
              std::isnan(recalls) || std::isnan(alarms) ? kUndefined : std::max(recalls, alarms)};
}

}  // namespace assay::classification
