// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/cast.h"

#include <fmt/format.h>

#include "registry/compute/cell.h"
#include "registry/compute/csv.h"
#include "registry/compute/literal.h"
#include "registry/domain/nearest.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

const Column& require(const Table& table, const ColumnSpec& wanted, std::string_view what,
                      std::string_view wanted_by) {
  if (const Column* column = table.find(wanted.name)) return *column;
  std::vector<std::string> names;
  for (const Column& column : table.columns()) names.push_back(column.name());
  const auto close = nearest(wanted.name, names);
  throw Error(
      Code::invalid_argument,
      fmt::format("{} has no column \"{}\", which {} needs{}", what, wanted.name, wanted_by,
                  close ? fmt::format("; the nearest is \"{}\": rename it to \"{}\"", *close, wanted.name)
                        : "; add it (empty cells are allowed)"));
}

std::string spelling(const Column& column, std::int64_t row) {
  if (column.type() == ColumnType::utf8) return std::string(column.utf8(row));
  std::string text;
  append_csv_cell(text, column, row);
  return text;
}

bool append_cast(Column& to, const Column& from, std::int64_t row) {
  if (from.type() == ColumnType::utf8 || to.type() == ColumnType::utf8)
    return append_literal(to, spelling(from, row));
  if (to.type() == ColumnType::i64 && from.type() == ColumnType::f64) {
    const auto value = whole(from.f64(row));
    if (value) to.append(*value);
    return value.has_value();
  }
  if (to.type() == ColumnType::i64) return to.append(std::int64_t{from.boolean(row)}), true;
  const double value = *from.number(row);
  if (to.type() == ColumnType::f64) return to.append(value), true;
  if (value != 0 && value != 1) return false;
  return to.append(value == 1), true;
}

Column cast_column(const Column& from, const ColumnSpec& wanted, std::string_view what,
                   std::string_view wanted_by, const TableMemory& memory) {
  Column to(wanted, memory);
  to.reserve(from.size());
  for (std::int64_t row = 0; row < from.size(); ++row) {
    if (from.is_null(row)) {
      to.append_null();
    } else if (!append_cast(to, from, row)) {
      throw Error(Code::invalid_argument,
                  fmt::format("{}, column \"{}\", row {}: \"{}\" is not of type {}, which {} needs", what,
                              wanted.name, row + 1, beginning(spelling(from, row), 80), name_of(wanted.type),
                              wanted_by));
    }
  }
  return to;
}

}  // namespace

TablePtr cast_table(const Table& table, const TableSchema& declared, std::string_view what,
                    std::string_view wanted_by, const TableMemory& memory) {
  std::vector<Column> columns;
  for (const ColumnSpec& wanted : declared) {
    const Column& from = require(table, wanted, what, wanted_by);
    if (from.type() == wanted.type)
      columns.emplace_back(from, memory);
    else
      columns.push_back(cast_column(from, wanted, what, wanted_by, memory));
  }
  if (columns.empty()) return std::make_shared<Table>(table.rows());
  return std::make_shared<Table>(std::move(columns));
}

}  // namespace assay
