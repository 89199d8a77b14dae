// SPDX-License-Identifier: Apache-2.0
// What is said of a row that cannot be judged.
#pragma once

#include <cmath>
#include <string>

#include "assay/plugin.hpp"

namespace assay::classification {

inline sdk::Error bad_row(const sdk::Column& column, std::int64_t row, const std::string& what) {
  return sdk::Error(ASSAY_E_INVALID_DATA, column.name() + " at row " + std::to_string(row) + " " + what)
      .column(column.name())
      .row(row);
}

inline sdk::Error bad_score(const sdk::Column& column, double score, std::int64_t row) {
  return bad_row(column, row,
                 std::isnan(score) ? "is missing or not a number; every row needs a score"
                                   : "is not a probability; scores must be from 0 to 1");
}

}  // namespace assay::classification
