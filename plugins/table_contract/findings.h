// SPDX-License-Identifier: Apache-2.0
// What is wrong with a table, in sentences. README.md lists the rules with their severities.
#pragma once

#include <vector>

#include "assay/results.hpp"
#include "table_state.h"

namespace assay::table_contract {

struct Limits {
  double null_rate_rise = 0;   // least rise of the share of missing values that is reported
  double leak_auc = 0;         // least ROC AUC of one column that counts as a leak
  double duplicate_share = 0;  // least share of repeated, or of overlapping, rows that is reported
};

// Everything, the worst first; within a severity in the order of rules and columns. `poll` is called every few
// milliseconds and may throw.
std::vector<sdk::Finding> find_all(const Checked& checked, const Limits& limits, const Poll& poll);

// The rules that look at the table alone, and those that compare it with a reference.
void find_intrinsic(const Checked& checked, const Limits& limits, const Poll& poll,
                    std::vector<sdk::Finding>& out);
void find_against_reference(const Checked& checked, const Limits& limits, std::vector<sdk::Finding>& out);

// "3 of 1200 rows (0.25 %)"
std::string rows_of(std::uint64_t part, std::int64_t whole);
// A number as people write it: 6 significant digits.
std::string short_number(double value);

}  // namespace assay::table_contract
