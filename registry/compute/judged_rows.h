// SPDX-License-Identifier: Apache-2.0
// What an evaluator sees: the truth, the predictions and the groups; never the features.
#pragma once

#include <string>
#include <string_view>

#include "registry/compute/ports.h"

namespace assay {

// The label and (unless empty) group columns of `table` beside all columns of `predictions`, with their roles.
// `what` is how messages call the table. Throws invalid_argument for a column that is missing or that is
// called as a prediction is.
RowSet judged_rows(const Table& table, std::string_view what, const std::string& label,
                   const std::string& group, const Table& predictions);

}  // namespace assay
