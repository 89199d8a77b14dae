// SPDX-License-Identifier: Apache-2.0
// Rows in memory, column by column, laid out as Arrow wants them so that batches are views and never copies.
// Not a data frame: tables are built once (CSV reader, a plugin's answer, JSON rows), then only read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay {

enum class ColumnType { f64, i64, boolean, utf8 };

// "f64", "i64", "bool" or "utf8", as in documents; and back, or nothing for any other word.
std::string_view name_of(ColumnType type);
std::optional<ColumnType> column_type_from_name(std::string_view name);

struct ColumnSpec {
  std::string name;
  ColumnType type;
  bool operator==(const ColumnSpec&) const = default;
};
using TableSchema = std::vector<ColumnSpec>;

// Where a table's values are kept: null is the heap. Another place is for readers of the values that are not in this
// process. Shared, because the columns keep it alive.
using TableMemory = std::shared_ptr<std::pmr::memory_resource>;

// Allocates from a TableMemory and keeps it. It goes along with moved values; a copy is on the heap.
template <typename T>
struct TableAllocator {
  using value_type = T;
  using propagate_on_container_copy_assignment = std::true_type;
  using propagate_on_container_move_assignment = std::true_type;
  using propagate_on_container_swap = std::true_type;

  TableAllocator() = default;
  explicit TableAllocator(TableMemory from) : memory(std::move(from)) {}
  template <typename U>
  TableAllocator(const TableAllocator<U>& other) : memory(other.memory) {}  // NOLINT: as allocators must
  TableAllocator select_on_container_copy_construction() const { return {}; }

  T* allocate(std::size_t count) {
    if (memory) return static_cast<T*>(memory->allocate(count * sizeof(T), alignof(T)));
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* values, std::size_t count) {
    if (memory) return memory->deallocate(values, count * sizeof(T), alignof(T));
    std::allocator<T>().deallocate(values, count);
  }
  bool operator==(const TableAllocator& other) const { return memory == other.memory; }

  TableMemory memory;
};

// One column. Only the vectors of its type are filled. A null row holds zero, false or an empty text.
class Column {
 public:
  explicit Column(ColumnSpec spec, const TableMemory& memory = nullptr);
  // A copy whose values are in `memory`.
  Column(const Column& from, const TableMemory& memory);

  const std::string& name() const { return spec_.name; }
  ColumnType type() const { return spec_.type; }
  const ColumnSpec& spec() const { return spec_; }
  std::int64_t size() const { return size_; }
  std::int64_t null_count() const { return null_count_; }

  Column renamed(std::string name) const;

  bool is_null(std::int64_t row) const;
  double f64(std::int64_t row) const { return f64_[static_cast<std::size_t>(row)]; }
  std::int64_t i64(std::int64_t row) const { return i64_[static_cast<std::size_t>(row)]; }
  bool boolean(std::int64_t row) const;
  std::string_view utf8(std::int64_t row) const;  // valid while the column lives and is not appended to
  // The number behind an f64, i64 or bool cell; nothing when it is null. Text columns throw internal.
  std::optional<double> number(std::int64_t row) const;

  void reserve(std::int64_t rows, std::size_t text_bytes = 0);
  void append_null();
  void append(double value);
  void append(std::int64_t value);
  void append(bool value);
  // Throws too_large when the column's text would pass 2 GiB, Arrow's limit for 32-bit offsets.
  void append(std::string_view value);
  // Many rows at once. `valid` has a byte for each, 1 or 0 for null; a null's value must be zero, false or empty.
  void append(std::span<const double> values, std::span<const std::uint8_t> valid);
  void append(std::span<const std::int64_t> values, std::span<const std::uint8_t> valid);
  void append_bits(std::span<const std::uint8_t> values, std::span<const std::uint8_t> valid);  // 1 or 0 each
  // Row i is text[ends[i - 1], ends[i]).
  void append(std::string_view text, std::span<const std::uint32_t> ends, std::span<const std::uint8_t> valid);

  // The Arrow buffers. Bits are least significant first; validity is null when no row is null.
  const std::uint8_t* validity() const { return null_count_ == 0 ? nullptr : validity_.data(); }
  const void* values() const;
  const std::int32_t* offsets() const { return offsets_.data(); }
  const char* text() const { return text_.data(); }
  TableMemory memory() const { return validity_.get_allocator().memory; }

 private:
  void push_validity(bool valid);
  void push_validity(std::span<const std::uint8_t> valid);
  void check_text(std::size_t more) const;

  ColumnSpec spec_;
  std::int64_t size_ = 0;
  std::int64_t null_count_ = 0;
  template <typename T>
  using Values = std::vector<T, TableAllocator<T>>;
  Values<std::uint8_t> validity_;
  Values<double> f64_;
  Values<std::int64_t> i64_;
  Values<std::uint8_t> bits_;
  Values<std::int32_t> offsets_;
  std::basic_string<char, std::char_traits<char>, TableAllocator<char>> text_;
};

class Table;
// Shared because Arrow batches cut from a table keep it alive for as long as a plugin holds them.
using TablePtr = std::shared_ptr<const Table>;

// Columns of equal length with distinct names.
class Table {
 public:
  // Throws internal when lengths differ or a name occurs twice.
  explicit Table(std::vector<Column> columns);
  // Without columns a table still has a number of rows.
  explicit Table(std::int64_t rows) : rows_(rows) {}

  std::int64_t rows() const { return rows_; }
  const std::vector<Column>& columns() const { return columns_; }
  TableSchema schema() const;
  // The column of that name, or null.
  const Column* find(std::string_view name) const;
  // As find, but throws invalid_argument that names `what`, the column and the nearest name present.
  const Column& at(std::string_view name, std::string_view what) const;
  // A table of copies of the named columns, in that order; throws as `at`.
  TablePtr select(const std::vector<std::string>& names, std::string_view what) const;

 private:
  std::int64_t rows_ = 0;
  std::vector<Column> columns_;
};

}  // namespace assay
