// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/sample_rows.h"

#include "registry/compute/seeded.h"

namespace assay {
namespace {

void append_cell(const Column& from, std::int64_t row, Column& to) {
  if (from.is_null(row)) return to.append_null();
  switch (from.type()) {
    case ColumnType::f64: return to.append(from.f64(row));
    case ColumnType::i64: return to.append(from.i64(row));
    case ColumnType::boolean: return to.append(from.boolean(row));
    case ColumnType::utf8: return to.append(from.utf8(row));
  }
}

}  // namespace

TablePtr take_rows(const Table& table, std::span<const std::int64_t> rows) {
  if (table.columns().empty()) return std::make_shared<Table>(static_cast<std::int64_t>(rows.size()));
  std::vector<Column> columns;
  for (const Column& from : table.columns()) {
    Column& to = columns.emplace_back(from.spec());
    to.reserve(static_cast<std::int64_t>(rows.size()));
    for (const std::int64_t row : rows) append_cell(from, row, to);
  }
  return std::make_shared<Table>(std::move(columns));
}

TablePtr sample_rows(const TablePtr& table, double share, std::uint64_t seed) {
  if (share >= 1) return table;
  std::vector<std::int64_t> chosen;
  for (std::int64_t row = 0; row < table->rows(); ++row)
    if (seeded_share(seed, static_cast<std::uint64_t>(row), "row") < share) chosen.push_back(row);
  return take_rows(*table, chosen);
}

}  // namespace assay
