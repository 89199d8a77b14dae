// SPDX-License-Identifier: Apache-2.0
// Tables to JSON rows and back: {"rows":[{"column":value,…},…]}, for requests and answers too small to be
// worth CSV.
#pragma once

#include <string>
#include <string_view>

#include "registry/compute/table.h"

namespace assay {

inline constexpr std::size_t kMaxJsonRows = 100'000;  // a request body; larger tables travel as CSV

// Columns are the union of the rows' keys, in order of first appearance; a missing key or null is a null
// cell. `declared` columns take that type, others are guessed as read_csv does. Throws invalid_argument with
// the row and column.
TablePtr read_json_rows(std::string_view json, const TableSchema& declared);

// {"rows":[…]}: the rows of `first`, each with the columns of `second` (of equal length) added. Numbers keep
// their bits.
std::string write_json_rows(const Table& first, const Table* second = nullptr);

}  // namespace assay
