// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/row_scan.h"

#include <algorithm>

namespace assay {
namespace {

constexpr std::int64_t kMaxBatchRows = 1 << 20;

std::int64_t rows_that_share_bitmaps(std::int64_t rows) {
  return std::max<std::int64_t>(8, rows / 8 * 8);
}

}  // namespace

RowScan::RowScan(const RowSet& rows, std::int64_t batch_rows, const std::optional<std::vector<std::string>>& columns)
    : rows_(&rows) {
  const std::int64_t limit = batch_rows == 0 ? rows.batch_rows : batch_rows;
  batch_rows_ = rows_that_share_bitmaps(std::clamp<std::int64_t>(limit, 1, kMaxBatchRows));
  // A plugin may ask for less than a byte of bits; then bitmaps are copied.
  if (limit < 8) batch_rows_ = std::max<std::int64_t>(1, limit);
  const Table& table = *rows.table;
  TableSchema schema;
  const auto choose = [&](std::size_t index) {
    columns_.push_back(index);
    schema.push_back(table.columns()[index].spec());
  };
  if (!columns) {
    for (std::size_t i = 0; i < table.columns().size(); ++i) choose(i);
  } else {
    for (const std::string& name : *columns)
      choose(static_cast<std::size_t>(&table.at(name, "the dataset") - table.columns().data()));
  }
  schema_ = export_schema(schema);
}

ArrayOwner RowScan::next() {
  const TablePtr& table = rows_->table;
  if (next_ >= table->rows()) return {};
  const std::int64_t rows = std::min(batch_rows_, table->rows() - next_);
  ArrayOwner batch = export_batch(table, next_, rows, columns_);
  next_ += rows;
  return batch;
}

}  // namespace assay
