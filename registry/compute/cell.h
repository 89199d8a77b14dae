// SPDX-License-Identifier: Apache-2.0
// One cell of a table from and to its text: what the CSV reader, the CSV writer and casts share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/compute/table.h"

namespace assay {

// The integer or the truth that a cell of a declared type spells: i64 takes whole numbers such as 3.0, bool takes
// 0 and 1.
std::optional<std::int64_t> i64_of(std::string_view text);
std::optional<bool> bool_of(std::string_view text);

// Appends what `text` spells to a column of any type. False, with the column as it was, when it is not of the
// type, as i64_of and bool_of say; utf8 takes everything. `text` must be UTF-8.
bool append_literal(Column& column, std::string_view text);

// Appends the cell as CSV has it: nothing for null, texts in quotes where they need them.
void append_csv_cell(std::string& out, const Column& column, std::int64_t row);
void append_csv_text(std::string& out, std::string_view text);

}  // namespace assay
