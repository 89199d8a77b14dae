// SPDX-License-Identifier: Apache-2.0
// A window against its reference, column by column: distances, tests, and the verdict that needs both.
#pragma once

#include <string>
#include <vector>

#include "assay/results.hpp"
#include "profile.h"

namespace assay::drift {

struct Thresholds {
  double ks = 0, psi = 0, js_distance = 0, wasserstein = 0;
  double cramers_v = 0, l_infinity = 0, new_category = 0;
  double null_rate = 0;
  double class_share = 0;
  double score = 0.5;    // from here on a score predicts the positive class
  double alpha = 0;  // false discovery rate across all tests of one comparison
  std::uint64_t min_rows = 0;
};

struct Comparison {
  std::vector<sdk::Drift> rows;
  std::vector<std::string> notes;  // for the log
  std::string details_json;        // {"columns":[...]}: bins and methods behind the rows
};

// `window` has a reference. A row has drifted when its value reaches its threshold and its
// p-value stands up to Benjamini and Hochberg's procedure over all tests, never with fewer than min_rows rows
// on a side.
Comparison compare(const Window& window, const Thresholds& thresholds, const Poll& poll);

}  // namespace assay::drift
