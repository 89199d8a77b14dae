// SPDX-License-Identifier: Apache-2.0
// Tables as Arrow C data and back, with owners that release. Only the formats g, l, b and u exist here, plus
// the struct that holds a batch.
#pragma once

#include <cstdint>
#include <utility>

#include "assay/arrow_c.h"
#include "registry/compute/table.h"

namespace assay {

// Owns an Arrow struct and releases it. Movable; `get()` is for filling and lending; `take()` moves the
// struct out to a consumer that will release it.
template <typename T>
class ArrowOwner {
 public:
  ArrowOwner() = default;
  ~ArrowOwner() { reset(); }
  ArrowOwner(ArrowOwner&& other) noexcept : value_(other.take()) {}
  ArrowOwner& operator=(ArrowOwner&& other) noexcept {
    if (this != &other) {
      reset();
      value_ = other.take();
    }
    return *this;
  }

  T* get() { return &value_; }
  const T* get() const { return &value_; }
  const T* operator->() const { return &value_; }
  const T& operator*() const { return value_; }
  explicit operator bool() const { return value_.release != nullptr; }
  T take() { return std::exchange(value_, T{}); }
  void reset() {
    if (value_.release != nullptr) value_.release(&value_);
    value_ = T{};
  }

 private:
  T value_{};
};
using SchemaOwner = ArrowOwner<ArrowSchema>;
using ArrayOwner = ArrowOwner<ArrowArray>;

// The schema of batches with these columns: a struct ("+s") with one nullable child each.
SchemaOwner export_schema(const TableSchema& schema);
// Throws unsupported for a schema that is not a struct of our four column types.
TableSchema import_schema(const ArrowSchema& schema);

// Rows [first, first+rows) of the columns at `columns` (indexes into table->columns()). A view: it keeps the
// table alive. Offsets are zero; `first` must be a multiple of 8 so that bitmaps can be shared, else the
// bitmaps are copied.
ArrayOwner export_batch(TablePtr table, std::int64_t first, std::int64_t rows,
                        const std::vector<std::size_t>& columns);
ArrayOwner export_batch(TablePtr table);  // all of it

// Copies the rows of a batch behind those of `columns`, which are its schema. The array must be well formed.
void append_batch(std::vector<Column>& columns, const ArrowArray& batch);

// Copies a batch into a table. The array must be well formed (the wire's decoder checks what comes from a
// worker).
TablePtr import_batch(const TableSchema& schema, const ArrowArray& batch);

}  // namespace assay
