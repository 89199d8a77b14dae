// SPDX-License-Identifier: Apache-2.0
// How much better one binary classifier is than another on the same rows, and how far the luck of these rows
// reaches. All numbers are the candidate's less the reference's. Sources of the formulas are in README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "assay/results.hpp"
#include "intervals.h"
#include "paired_rows.h"

namespace assay::classification {

// DeLong's variance of the difference of both areas under the ROC curve; none with fewer than two rows of a class.
std::optional<double> delong_variance(const PairedSample& sample, const Poll& poll);

// The rows on which the two decide differently.
struct Discordant {
  std::int64_t candidate_right = 0, reference_right = 0;

  std::int64_t rows() const { return candidate_right + reference_right; }
};
Discordant discordant(const PairedSample& sample, double threshold);

// With fewer discordant rows than this, McNemar's test is taken from the binomial distribution itself.
inline constexpr std::int64_t kExactBelow = 25;

// The differences of accuracies over `rows` rows that McNemar's test does not reject: 0 is outside exactly when the
// test (of kExactBelow discordant rows or more the chi-squared one without a correction, else also the exact one)
// finds the two to differ. None without rows.
std::optional<Interval> mcnemar(const Discordant& counts, std::int64_t rows, double confidence);

// One slice: roc_auc:delong, accuracy:mcnemar, and NAME:paired_bootstrap for each metric.
void report_pair(const PairedSample& sample, const std::string& slice, const Settings& settings,
                 const BootstrapSettings& resampling, const Poll& poll, std::vector<sdk::Metric>& out);

}  // namespace assay::classification
