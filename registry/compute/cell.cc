// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/cell.h"

#include <charconv>
#include <cmath>

#include "registry/compute/csv.h"
#include "registry/compute/literal.h"

namespace assay {

std::optional<std::int64_t> i64_of(std::string_view text) {
  if (const auto value = parse_i64(text)) return value;
  // Data frames write integers beside missing values as 3.0.
  const auto number = parse_f64(text);
  return number ? whole(*number) : std::nullopt;
}

std::optional<bool> bool_of(std::string_view text) {
  if (text == "0" || text == "1") return text == "1";
  return parse_bool(text);
}

bool append_literal(Column& column, std::string_view text) {
  switch (column.type()) {
    case ColumnType::f64:
      if (const auto value = parse_f64(text)) return column.append(*value), true;
      return false;
    case ColumnType::i64:
      if (const auto value = i64_of(text)) return column.append(*value), true;
      return false;
    case ColumnType::boolean:
      if (const auto value = bool_of(text)) return column.append(*value), true;
      return false;
    case ColumnType::utf8:
      return column.append(text), true;
  }
  return false;
}

void append_csv_cell(std::string& out, const Column& column, std::int64_t row) {
  if (column.is_null(row)) return;
  switch (column.type()) {
    case ColumnType::f64:
      out += format_f64(column.f64(row));
      return;
    case ColumnType::i64:
      out += std::to_string(column.i64(row));
      return;
    case ColumnType::boolean:
      out += column.boolean(row) ? "true" : "false";
      return;
    case ColumnType::utf8:
      append_csv_text(out, column.utf8(row));
      return;
  }
}

std::string format_f64(double value) {
  if (std::isnan(value)) return "nan";
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return {text, error == std::errc() ? end : text};
}

void append_csv_text(std::string& out, std::string_view text) {
  // An empty text is quoted to tell it from null; blanks at the ends so that no reader trims them, and a byte order mark
  // that would be taken for the file's.
  const bool plain = !text.empty() && text.find_first_of(",\"\r\n") == text.npos && text.front() != ' ' &&
                     text.back() != ' ' && !text.starts_with("\xEF\xBB\xBF");
  if (plain) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace assay
