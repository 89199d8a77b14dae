// SPDX-License-Identifier: Apache-2.0
// Comma separated values (RFC 4180) to tables and back. The reader guesses types from the whole file or takes
// them as declared; every error names the line and, where there is one, the column.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "registry/compute/table.h"

namespace assay {

// Limits, so that a hostile file fails early and by name.
inline constexpr std::size_t kMaxCsvColumns =
    16'384;  // a header that is really a data row, or a wrong delimiter
inline constexpr std::size_t kMaxCsvCellBytes = 16 << 20;  // a quote that never closes
inline constexpr std::size_t kMaxCsvNameBytes = 1024;

struct CsvOptions {
  // Columns with a declared type are read as that type and an unfit cell is an error; the rest are guessed.
  TableSchema declared;
  // How the input is called in messages: a path, a reference, "the request body".
  std::string source = "the CSV";
  // For the table's values; see table.h.
  TableMemory memory = nullptr;
};

// A header row is required. Lines end in LF or CRLF; a byte order mark is skipped; an empty unquoted cell is
// null. A guessed column is i64 if every cell is an integer, else f64 if every cell is a number, else bool if
// every cell is true or false, else utf8; one without any value is f64. Throws invalid_argument for ragged
// rows, an unterminated quote, a file cut off in its last line, duplicate or empty header names, invalid
// UTF-8, NUL and cells that are not of the declared type; too_large past a limit.
TablePtr read_csv(std::string_view bytes, const CsvOptions& options = {});
// The same, reading the file in blocks: once, and again if a column is of another type than its first 64 KiB let
// guess. Memory is that of the table. A file that
// changes meanwhile is `conflict`; one that cannot be opened is as system_error says.
TablePtr read_csv_file(const std::filesystem::path& path, CsvOptions options = {});

// The header's names, in order; the rest of the file is not looked at.
std::vector<std::string> read_csv_header(std::string_view bytes, const CsvOptions& options = {});

// One record a line, LF, doubles in their shortest form that reads back to the same bits, nulls empty, texts
// quoted when they need it. read_csv of the answer gives equal values.
std::string write_csv(const Table& table);
// `input` (the bytes that `table` was read from), each record followed by the cells of `added`; cells keep
// their spelling. Throws invalid_argument when a column of `added` is already in the input.
std::string append_csv_columns(std::string_view input, const Table& added, const CsvOptions& options = {});

// The shortest decimal that reads back to the same double: "0.1", "1e+300", "nan", "inf", "-inf".
std::string format_f64(double value);

}  // namespace assay
