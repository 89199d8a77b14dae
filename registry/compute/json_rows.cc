// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/json_rows.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "registry/compute/csv.h"
#include "registry/compute/literal.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

// As the reader of CSV guesses: the narrowest type that holds every value.
struct Guess {
  bool integer = true, number = true, boolean = true, text = true, any = false;

  void see(const json& value) {
    any = true;
    integer = integer && value.is_number_integer();
    number = number && value.is_number();
    boolean = boolean && value.is_boolean();
    text = text && value.is_string();
  }
  std::optional<ColumnType> type() const {
    if (!any) return ColumnType::f64;
    if (integer) return ColumnType::i64;
    if (number) return ColumnType::f64;
    if (boolean) return ColumnType::boolean;
    if (text) return ColumnType::utf8;
    return std::nullopt;
  }
};

// A cell takes as much room whether the row has it or not: a row of many columns and many rows of none would fill memory.
// No body within its limit holds as many cells that are there.
constexpr std::size_t kMaxJsonCells = 8 << 20;

struct Columns {
  std::vector<std::string> names;  // in order of first appearance
  std::map<std::string, Guess, std::less<>> guesses;
};

const json& rows_of(const json& document) {
  if (!document.is_object() || !document.contains("rows") || !document["rows"].is_array())
    throw Error(Code::invalid_argument, R"(the rows to score are written {"rows":[{"column":value,…},…]})");
  if (document["rows"].size() > kMaxJsonRows)
    throw Error(Code::too_large,
                fmt::format("{} rows are more than the {} that a JSON body may hold; send CSV",
                            document["rows"].size(), kMaxJsonRows));
  return document["rows"];
}

Columns columns_of(const json& rows) {
  Columns columns;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!rows[row].is_object())
      throw Error(Code::invalid_argument, fmt::format("rows[{}] is not an object of columns", row));
    for (const auto& [name, value] : rows[row].items()) {
      const auto [at, fresh] = columns.guesses.try_emplace(name);
      if (fresh) columns.names.push_back(name);
      if (!value.is_null()) at->second.see(value);
    }
    if (columns.names.size() > kMaxCsvColumns)
      throw Error(Code::too_large, fmt::format("the rows have more than {} columns", kMaxCsvColumns));
  }
  if (columns.names.size() * rows.size() > kMaxJsonCells)
    throw Error(Code::too_large, fmt::format("{} rows of {} columns are more than {} cells; send CSV", rows.size(),
                                             columns.names.size(), kMaxJsonCells));
  return columns;
}

ColumnType type_of(const std::string& name, const Guess& guess, const TableSchema& declared) {
  for (const ColumnSpec& spec : declared)
    if (spec.name == name) return spec.type;
  if (const auto type = guess.type()) return *type;
  throw Error(
      Code::invalid_argument,
      fmt::format("column \"{}\" mixes texts, numbers or truths from row to row; use one type", name));
}

bool append_value(Column& column, const json& value) {
  switch (column.type()) {
    case ColumnType::f64:
      if (!value.is_number()) return false;
      return column.append(value.get<double>()), true;
    case ColumnType::i64: {
      if (value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX) return false;
      if (value.is_number_integer()) return column.append(value.get<std::int64_t>()), true;
      const auto number = value.is_number() ? whole(value.get<double>()) : std::nullopt;
      if (number) column.append(*number);
      return number.has_value();
    }
    case ColumnType::boolean:
      if (value.is_boolean()) return column.append(value.get<bool>()), true;
      if (value != 0 && value != 1) return false;
      return column.append(value == 1), true;
    case ColumnType::utf8:
      if (value.is_string())
        return column.append(std::string_view(value.get_ref<const std::string&>())), true;
      if (!value.is_primitive()) return false;
      return column.append(std::string_view(value.dump())), true;
  }
  return false;
}

void write_number(std::string& out, double value) {
  if (!std::isfinite(value))
    out += "null";
  else if (value == 0 && std::signbit(value))
    out += "-0.0";  // "-0" is an integer to many readers, which have one zero
  else
    out += format_f64(value);
}

void write_cell(std::string& out, const Column& column, std::int64_t row) {
  if (column.is_null(row)) {
    out += "null";
    return;
  }
  switch (column.type()) {
    case ColumnType::f64:
      write_number(out, column.f64(row));
      return;
    case ColumnType::i64:
      out += std::to_string(column.i64(row));
      return;
    case ColumnType::boolean:
      out += column.boolean(row) ? "true" : "false";
      return;
    case ColumnType::utf8:
      out += json(column.utf8(row)).dump();
      return;
  }
}

}  // namespace

TablePtr read_json_rows(std::string_view text, const TableSchema& declared) {
  const json document = parse_json(text, "the request body", {.max_bytes = 64 << 20});
  const json& rows = rows_of(document);
  const Columns found = columns_of(rows);
  std::vector<Column> columns;
  for (const std::string& name : found.names) {
    Column& column =
        columns.emplace_back(ColumnSpec{name, type_of(name, found.guesses.find(name)->second, declared)});
    column.reserve(static_cast<std::int64_t>(rows.size()));
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const auto cell = rows[row].find(name);
      if (cell == rows[row].end() || cell->is_null()) {
        column.append_null();
      } else if (!append_value(column, *cell)) {
        throw Error(Code::invalid_argument,
                    fmt::format("rows[{}], column \"{}\": {} is not of type {}", row, name,
                                beginning(cell->dump(), 80), name_of(column.type())));
      }
    }
  }
  if (columns.empty()) return std::make_shared<Table>(static_cast<std::int64_t>(rows.size()));
  return std::make_shared<Table>(std::move(columns));
}

std::string write_json_rows(const Table& first, const Table* second) {
  std::vector<std::pair<std::string, const Column*>> cells;
  for (const Table* table : {&first, second})
    if (table != nullptr)
      for (const Column& column : table->columns()) cells.emplace_back(json(column.name()).dump(), &column);
  std::string out = R"({"rows":[)";
  for (std::int64_t row = 0; row < first.rows(); ++row) {
    out += row == 0 ? "{" : ",{";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i != 0) out += ',';
      out += cells[i].first;
      out += ':';
      write_cell(out, *cells[i].second, row);
    }
    out += '}';
  }
  return out + "]}";
}

}  // namespace assay
