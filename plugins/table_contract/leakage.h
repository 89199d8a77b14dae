// SPDX-License-Identifier: Apache-2.0
// Single columns that give the label away: usually copied from it, or known only after it.
#pragma once

#include <string>
#include <vector>

#include "table_state.h"

namespace assay::table_contract {

struct Leak {
  std::string column;
  double roc_auc = 0;  // of the better direction
};

// The columns that alone rank the label with a ROC AUC of at least `least_auc`: by value for numbers and
// booleans, by the share of positives for texts that recur; missing values as a value of their own. Empty
// unless the label is 0 and 1 with at least 30 rows of each, and the rows were kept.
std::vector<Leak> find_leaks(const Table& table, double least_auc, const Poll& poll);

}  // namespace assay::table_contract
