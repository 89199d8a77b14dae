// SPDX-License-Identifier: Apache-2.0
// How differently a binary classifier treats groups.
#pragma once

#include <vector>

#include "metrics.h"

namespace assay::classification {

// Between the groups of highest and lowest rate. A rate that has no rows behind it is left out; NaN where fewer
// than two groups have one.
struct Fairness {
  double demographic_parity_difference = 0;  // of the shares that are flagged
  double demographic_parity_ratio = 0;       // lowest over highest; NaN where nothing is flagged
  double equal_opportunity_difference = 0;   // of the recalls
  double equalized_odds_difference = 0;      // the larger difference of recalls and of false positive rates
};

Fairness fairness(const std::vector<Confusion>& groups);

}  // namespace assay::classification
