// SPDX-License-Identifier: Apache-2.0
// Reading Arrow data: a Schema is a copy that you may keep; a Batch and its Columns are views of the host's
// memory.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/abi.h"
#include "assay/error.hpp"

namespace assay::sdk {

// Arrow formats g, l, b, u and +l of l. Anything else is `other`: present, but not readable through Column.
enum class Type { f64, i64, boolean, utf8, list_i64, other };

inline std::string_view type_name(Type type) {
  switch (type) {
    case Type::f64:
      return "f64";
    case Type::i64:
      return "i64";
    case Type::boolean:
      return "bool";
    case Type::utf8:
      return "utf8";
    case Type::list_i64:
      return "list<i64>";
    case Type::other:
      break;
  }
  return "another type";
}

namespace detail {

// Edits between two names (Levenshtein), for "did you mean".
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j)
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1,
                                                 diagonal + (a[i - 1] == b[j - 1] ? std::size_t{0} : 1)}));
  }
  return row[b.size()];
}

// An Arrow struct that is released at the end.
template <class Arrow>
struct Owned {
  Arrow it{};
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (it.release != nullptr) it.release(&it);
  }
};

}  // namespace detail

enum class Nulls { allowed, never };

struct Field {
  std::string name;
  Type type = Type::f64;
  Nulls nulls = Nulls::allowed;
};

class Schema {
 public:
  Schema() = default;
  Schema(std::initializer_list<Field> fields) : fields_(fields) {}
  explicit Schema(std::vector<Field> fields) : fields_(std::move(fields)) {}

  // Copies what `schema` (a struct) says; it stays the caller's. INVALID_ARGUMENT when it is not a struct.
  static Schema copy(const ArrowSchema& schema) {
    if (schema.release == nullptr || std::string_view(schema.format) != "+s")
      throw Error(ASSAY_E_INVALID_ARGUMENT, "the schema of a batch must be a struct (Arrow format +s)");
    Schema out;
    for (std::int64_t i = 0; i < schema.n_children; ++i) {
      const ArrowSchema& child = *schema.children[i];
      out.fields_.push_back({child.name == nullptr ? "" : child.name, type_of(child),
                             (child.flags & ARROW_FLAG_NULLABLE) != 0 ? Nulls::allowed : Nulls::never});
    }
    return out;
  }

  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }
  const Field& operator[](std::size_t i) const { return fields_[i]; }
  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  void add(Field field) { fields_.push_back(std::move(field)); }

  // The first column of this name.
  std::optional<std::size_t> find(std::string_view name) const {
    for (std::size_t i = 0; i < fields_.size(); ++i)
      if (fields_[i].name == name) return i;
    return std::nullopt;
  }
  // As `find`, but a missing column is INVALID_DATA that names it and the nearest name that is there.
  std::size_t require(std::string_view name) const {
    if (const auto found = find(name)) return *found;
    const Field* nearest = nullptr;
    std::size_t best = std::max<std::size_t>(2, name.size() / 2) + 1;
    for (const Field& field : fields_) {
      if (field.name.size() > 256 || name.size() > 256) continue;
      const std::size_t distance = detail::edit_distance(name, field.name);
      if (distance < best) {
        best = distance;
        nearest = &field;
      }
    }
    throw Error(ASSAY_E_INVALID_DATA,
                "column '" + std::string(name) + "' is missing" +
                    (nearest == nullptr ? "" : "; the nearest name is '" + nearest->name + "'"))
        .column(name);
  }

 private:
  static Type type_of(const ArrowSchema& schema) {
    const std::string_view format = schema.format;
    if (schema.dictionary != nullptr) return Type::other;
    if (format == "g") return Type::f64;
    if (format == "l") return Type::i64;
    if (format == "b") return Type::boolean;
    if (format == "u") return Type::utf8;
    if (format == "+l" && schema.n_children == 1 && std::string_view(schema.children[0]->format) == "l")
      return Type::list_i64;
    return Type::other;
  }

  std::vector<Field> fields_;
};

// One column of a batch. Rows count from 0 whatever the Arrow offsets are. Valid as long as its batch.
// A reader of another type than the column's is INVALID_DATA that names the column.
class Column {
 public:
  Column(const Field& field, const ArrowArray& array, std::int64_t offset, std::int64_t rows,
         const ArrowArray& parent)
      : field_(&field), array_(&array), offset_(offset + array.offset), rows_(rows) {
    if (array.length < offset + rows || array.n_buffers < 1)
      throw Error(ASSAY_E_INVALID_ARGUMENT, "column '" + field.name + "' is shorter than its batch")
          .column(field.name);
    validity_ = array.null_count == 0 ? nullptr : static_cast<const std::uint8_t*>(array.buffers[0]);
    if (parent.null_count != 0 && parent.n_buffers > 0)
      parent_validity_ = static_cast<const std::uint8_t*>(parent.buffers[0]);
    parent_offset_ = parent.offset;
  }

  const std::string& name() const { return field_->name; }
  Type type() const { return field_->type; }
  std::int64_t rows() const { return rows_; }

  bool is_null(std::int64_t row) const {
    return (validity_ != nullptr && !bit(validity_, offset_ + row)) ||
           (parent_validity_ != nullptr && !bit(parent_validity_, parent_offset_ + row));
  }
  bool may_have_nulls() const { return validity_ != nullptr || parent_validity_ != nullptr; }

  // The raw values of all rows; what stands in a null row is unspecified.
  std::span<const double> f64() const { return values<double>(Type::f64); }
  std::span<const std::int64_t> i64() const { return values<std::int64_t>(Type::i64); }
  // The value of one row that is not null.
  bool boolean(std::int64_t row) const {
    expect(Type::boolean);
    return bit(static_cast<const std::uint8_t*>(array_->buffers[1]), offset_ + row);
  }
  std::string_view text(std::int64_t row) const {
    expect(Type::utf8);
    const auto* ends = static_cast<const std::int32_t*>(array_->buffers[1]) + offset_ + row;
    const auto size = static_cast<std::size_t>(ends[1] - ends[0]);
    return size == 0 ? std::string_view()
                     : std::string_view(static_cast<const char*>(array_->buffers[2]) + ends[0], size);
  }
  std::span<const std::int64_t> list(std::int64_t row) const {
    expect(Type::list_i64);
    const auto* ends = static_cast<const std::int32_t*>(array_->buffers[1]) + offset_ + row;
    const ArrowArray& items = *array_->children[0];
    const auto size = static_cast<std::size_t>(ends[1] - ends[0]);
    if (size == 0) return {};
    return {static_cast<const std::int64_t*>(items.buffers[1]) + items.offset + ends[0], size};
  }

  bool is_numeric() const { return type() == Type::f64 || type() == Type::i64 || type() == Type::boolean; }
  // f64, i64 and bool (0 or 1) as a double; null is NaN.
  double number(std::int64_t row) const {
    if (is_null(row)) return std::numeric_limits<double>::quiet_NaN();
    switch (type()) {
      case Type::f64:
        return static_cast<const double*>(array_->buffers[1])[offset_ + row];
      case Type::i64:
        return static_cast<double>(static_cast<const std::int64_t*>(array_->buffers[1])[offset_ + row]);
      case Type::boolean:
        return boolean(row) ? 1.0 : 0.0;
      default:
        throw wrong_type("a number");
    }
  }
  // `number` of the rows from `first` on, as many as `out` holds; several times faster than one by one.
  void numbers(std::int64_t first, std::span<double> out) const {
    if (out.empty()) return;
    const auto copy = [&](const auto* values) {
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(values[i]);
    };
    if (type() == Type::f64)
      copy(static_cast<const double*>(array_->buffers[1]) + offset_ + first);
    else if (type() == Type::i64)
      copy(static_cast<const std::int64_t*>(array_->buffers[1]) + offset_ + first);
    else
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = number(first + static_cast<std::int64_t>(i));
    if (!may_have_nulls()) return;
    for (std::size_t i = 0; i < out.size(); ++i)
      if (is_null(first + static_cast<std::int64_t>(i))) out[i] = std::numeric_limits<double>::quiet_NaN();
  }
  // As `number`, but empty for null and NaN.
  std::optional<double> maybe_number(std::int64_t row) const {
    const double value = number(row);
    return std::isnan(value) ? std::nullopt : std::optional<double>(value);
  }

 private:
  static bool bit(const std::uint8_t* bits, std::int64_t i) { return ((bits[i >> 3] >> (i & 7)) & 1) != 0; }
  Error wrong_type(std::string_view wanted) const {
    return Error(ASSAY_E_INVALID_DATA, "column '" + name() + "' is " + std::string(type_name(type())) +
                                           ", not " + std::string(wanted))
        .column(name());
  }
  void expect(Type wanted) const {
    if (type() != wanted) throw wrong_type(type_name(wanted));
  }
  template <class T>
  std::span<const T> values(Type wanted) const {
    expect(wanted);
    if (rows_ == 0) return {};
    return {static_cast<const T*>(array_->buffers[1]) + offset_, static_cast<std::size_t>(rows_)};
  }

  const Field* field_;
  const ArrowArray* array_;
  std::int64_t offset_;
  std::int64_t rows_;
  const std::uint8_t* validity_ = nullptr;
  const std::uint8_t* parent_validity_ = nullptr;
  std::int64_t parent_offset_ = 0;
};

// Some rows. Valid until the function that received it returns; copy what you keep.
class Batch {
 public:
  // Borrows both. INVALID_ARGUMENT when they do not fit together.
  Batch(const Schema& schema, const ArrowArray& array) : schema_(&schema), array_(&array) {
    if (array.n_children != static_cast<std::int64_t>(schema.size()))
      throw Error(ASSAY_E_INVALID_ARGUMENT, "a batch has " + std::to_string(array.n_children) +
                                                " columns, its schema " + std::to_string(schema.size()));
  }

  std::int64_t rows() const { return array_->length; }
  std::size_t columns() const { return schema_->size(); }
  const Schema& schema() const { return *schema_; }

  Column column(std::size_t i) const {
    return {(*schema_)[i], *array_->children[i], array_->offset, array_->length, *array_};
  }
  // INVALID_DATA when there is no such column.
  Column column(std::string_view name) const { return column(schema_->require(name)); }
  double number(std::size_t column_index, std::int64_t row) const { return column(column_index).number(row); }

 private:
  const Schema* schema_;
  const ArrowArray* array_;
};

}  // namespace assay::sdk
