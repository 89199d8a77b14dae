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
// The same for two models: the other one's predictions follow as "reference_" and their name.
RowSet judged_pairs(const Table& table, std::string_view what, const std::string& label, const std::string& group,
                    const Table& predictions, const Table& references);

// The column with the truth: the one asked for, else the model's own. Throws invalid_argument when it has none.
std::string judged_label(const std::string& asked, std::string_view model, const std::string& trained_on);

}  // namespace assay
