// SPDX-License-Identifier: Apache-2.0
// What every scorer's answer must be, wherever the plugin runs.
#pragma once

#include <string>

#include "registry/compute/table.h"

namespace assay {

// What is wrong with the columns that a scorer wants to answer, as the end of "the plugin …"; empty when nothing is.
std::string wrong_columns(const TableSchema& output);
// The same for the numbers from row `from` on: a model that answers NaN is broken for these rows, and a registry that
// passed it on would hide that.
std::string wrong_number(const Column& column, std::int64_t from);

}  // namespace assay
