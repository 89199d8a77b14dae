// SPDX-License-Identifier: Apache-2.0
// A plugin's way through a dataset's rows: the columns that it asked for, batch by batch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/compute/arrow.h"
#include "registry/compute/ports.h"

namespace assay {

class RowScan {
 public:
  // Borrows `rows`. `batch_rows` is the most that a batch may have; 0 leaves it to the set. Without `columns` all of
  // them. Throws invalid_argument for a column that is not there.
  RowScan(const RowSet& rows, std::int64_t batch_rows, const std::optional<std::vector<std::string>>& columns);

  const ArrowSchema& schema() const { return *schema_; }
  const Table& table() const { return *rows_->table; }
  // The next batch, a view that keeps the table alive; an empty owner at the end.
  ArrayOwner next();

 private:
  const RowSet* rows_;
  std::vector<std::size_t> columns_;
  std::int64_t next_ = 0;
  std::int64_t batch_rows_ = 0;
  SchemaOwner schema_;
};

}  // namespace assay
