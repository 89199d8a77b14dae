// SPDX-License-Identifier: Apache-2.0
// Writing Arrow data: a Table is filled column by column, or from the rows of one of the three fixed result
// tables.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "assay/batch.hpp"

namespace assay::sdk {

// Values of one column, in Arrow's own layout. Appending another type than the column's is INTERNAL: a
// plugin's bug.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(Field field) : field_(std::move(field)) {
    if (field_.type == Type::utf8 || field_.type == Type::list_i64) ends_.push_back(0);
  }

  const Field& field() const { return field_; }
  std::int64_t rows() const { return rows_; }

  void f64(double value) { (expect(Type::f64), f64_.push_back(value)), present(true); }
  void f64(std::optional<double> value) { value ? f64(*value) : null(); }
  void i64(std::int64_t value) { (expect(Type::i64), i64_.push_back(value)), present(true); }
  void boolean(bool value) { (expect(Type::boolean), push_bit(bits_, value)), present(true); }
  void utf8(std::string_view value) {
    expect(Type::utf8);
    chars_ += value;
    push_end(chars_.size());
    present(true);
  }
  void list(std::span<const std::int64_t> values) {
    expect(Type::list_i64);
    i64_.insert(i64_.end(), values.begin(), values.end());
    push_end(i64_.size());
    present(true);
  }
  void null() {
    switch (field_.type) {
      case Type::f64:
        f64_.push_back(0);
        break;
      case Type::i64:
        i64_.push_back(0);
        break;
      case Type::boolean:
        push_bit(bits_, false);
        break;
      case Type::utf8:
        push_end(chars_.size());
        break;
      case Type::list_i64:
        push_end(i64_.size());
        break;
      case Type::other:
        break;
    }
    ++nulls_;
    present(false);
  }

 private:
  friend struct ArrowExport;

  void expect(Type type) const {
    if (field_.type != type)
      throw Error(ASSAY_E_INTERNAL, "column '" + field_.name + "' of a result takes " +
                                        std::string(type_name(field_.type)) + ", not " +
                                        std::string(type_name(type)));
  }
  void push_bit(std::vector<std::uint8_t>& bits, bool value) const {
    if ((rows_ & 7) == 0) bits.push_back(0);
    if (value) bits.back() = static_cast<std::uint8_t>(bits.back() | (1u << (rows_ & 7)));
  }
  void push_end(std::size_t end) {
    if (end > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
      throw Error(ASSAY_E_UNSUPPORTED,
                  "column '" + field_.name + "' of a result holds more than 2 GiB; use fewer rows");
    ends_.push_back(static_cast<std::int32_t>(end));
  }
  void present(bool valid) {
    push_bit(validity_, valid);
    ++rows_;
  }

  Field field_;
  std::int64_t rows_ = 0;
  std::int64_t nulls_ = 0;
  std::vector<std::uint8_t> validity_;
  std::vector<double> f64_;
  std::vector<std::int64_t> i64_;  // values, or the items of a list
  std::vector<std::uint8_t> bits_;
  std::string chars_;
  std::vector<std::int32_t> ends_;
};

class Table {
 public:
  Table() = default;
  explicit Table(const Schema& schema) : schema_(schema) {
    for (const Field& field : schema) columns_.push_back(std::make_shared<ColumnBuilder>(field));
  }

  // One more column, already filled.
  void add(ColumnBuilder column) {
    schema_.add(column.field());
    columns_.push_back(std::make_shared<ColumnBuilder>(std::move(column)));
  }

  const Schema& schema() const { return schema_; }
  // To append to. Every column must end with equally many rows.
  ColumnBuilder& column(std::size_t i) { return *columns_[i]; }
  const ColumnBuilder& column(std::size_t i) const { return *columns_[i]; }
  std::int64_t rows() const { return columns_.empty() ? 0 : columns_[0]->rows(); }

  // Moves the schema, or `count` rows from `first` on, out to Arrow; the memory is shared and lives as long
  // as any copy. Append nothing after the first export. INTERNAL when the columns differ in length.
  void export_schema(ArrowSchema* out) const;
  void export_rows(std::int64_t first, std::int64_t count, ArrowArray* out) const;
  void export_all(ArrowArray* out) const { export_rows(0, rows(), out); }

 private:
  friend struct ArrowExport;
  Schema schema_;
  std::vector<std::shared_ptr<ColumnBuilder>> columns_;
};

// The Arrow structs that own themselves: each node holds its memory, so that a consumer may move children
// out.
struct ArrowExport {
  struct SchemaNode {
    std::string format, name;
    std::vector<ArrowSchema> children;
    std::vector<ArrowSchema*> pointers;
  };
  struct ArrayNode {
    std::shared_ptr<const ColumnBuilder> data;
    const void* buffers[3] = {nullptr, nullptr, nullptr};
    std::vector<ArrowArray> children;
    std::vector<ArrowArray*> pointers;
  };

  template <class Arrow, class Node>
  static void release(Arrow* it) {
    for (std::int64_t i = 0; i < it->n_children; ++i)
      if (it->children[i]->release != nullptr) it->children[i]->release(it->children[i]);
    delete static_cast<Node*>(it->private_data);
    it->release = nullptr;
  }

  static ArrowSchema schema(std::string format, std::string name, Nulls nulls,
                            std::vector<ArrowSchema> children) {
    auto node = std::make_unique<SchemaNode>();
    node->format = std::move(format);
    node->name = std::move(name);
    node->children = std::move(children);
    for (ArrowSchema& child : node->children) node->pointers.push_back(&child);
    ArrowSchema out{};
    out.format = node->format.c_str();
    out.name = node->name.c_str();
    out.flags = nulls == Nulls::allowed ? ARROW_FLAG_NULLABLE : 0;
    out.n_children = static_cast<std::int64_t>(node->pointers.size());
    out.children = node->pointers.data();
    out.release = &release<ArrowSchema, SchemaNode>;
    out.private_data = node.release();
    return out;
  }

  static ArrowSchema schema(const Field& field) {
    switch (field.type) {
      case Type::f64:
        return schema("g", field.name, field.nulls, {});
      case Type::i64:
        return schema("l", field.name, field.nulls, {});
      case Type::boolean:
        return schema("b", field.name, field.nulls, {});
      case Type::utf8:
        return schema("u", field.name, field.nulls, {});
      case Type::list_i64:
        return schema("+l", field.name, field.nulls, {schema("l", "item", Nulls::never, {})});
      case Type::other:
        break;
    }
    throw Error(ASSAY_E_INTERNAL, "column '" + field.name + "' of a result has no type that can be written");
  }

  static ArrowArray array(std::unique_ptr<ArrayNode> node, std::int64_t first, std::int64_t count,
                          std::int64_t nulls, std::int64_t buffers) {
    for (ArrowArray& child : node->children) node->pointers.push_back(&child);
    ArrowArray out{};
    out.length = count;
    out.null_count = nulls;
    out.offset = first;
    out.n_buffers = buffers;
    out.buffers = node->buffers;
    out.n_children = static_cast<std::int64_t>(node->pointers.size());
    out.children = node->pointers.data();
    out.release = &release<ArrowArray, ArrayNode>;
    out.private_data = node.release();
    return out;
  }

  static ArrowArray array(const std::shared_ptr<const ColumnBuilder>& data, std::int64_t first,
                          std::int64_t count) {
    const ColumnBuilder& column = *data;
    auto node = std::make_unique<ArrayNode>();
    node->data = data;
    node->buffers[0] = column.nulls_ == 0 ? nullptr : column.validity_.data();
    std::int64_t buffers = 2;
    switch (column.field_.type) {
      case Type::f64:
        node->buffers[1] = column.f64_.data();
        break;
      case Type::i64:
        node->buffers[1] = column.i64_.data();
        break;
      case Type::boolean:
        node->buffers[1] = column.bits_.data();
        break;
      case Type::utf8:
        node->buffers[1] = column.ends_.data();
        node->buffers[2] = column.chars_.data();
        buffers = 3;
        break;
      case Type::list_i64: {
        node->buffers[1] = column.ends_.data();
        auto items = std::make_unique<ArrayNode>();
        items->data = data;
        items->buffers[1] = column.i64_.data();
        node->children.push_back(
            array(std::move(items), 0, static_cast<std::int64_t>(column.i64_.size()), 0, 2));
        break;
      }
      case Type::other:
        break;
    }
    const bool whole = first == 0 && count == column.rows_;
    return array(std::move(node), first, count, whole ? column.nulls_ : column.nulls_ == 0 ? 0 : -1, buffers);
  }

  // Releases what was built so far when a later part fails.
  template <class Arrow>
  struct Parts {
    std::vector<Arrow> parts;
    Parts() = default;
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;
    ~Parts() {
      for (Arrow& part : parts)
        if (part.release != nullptr) part.release(&part);
    }
  };
};

inline void Table::export_schema(ArrowSchema* out) const {
  ArrowExport::Parts<ArrowSchema> children;
  for (const Field& field : schema_) children.parts.push_back(ArrowExport::schema(field));
  *out = ArrowExport::schema("+s", "", Nulls::never, std::exchange(children.parts, {}));
}

inline void Table::export_rows(std::int64_t first, std::int64_t count, ArrowArray* out) const {
  ArrowExport::Parts<ArrowArray> children;
  for (const auto& column : columns_) {
    if (column->rows() != rows())
      throw Error(ASSAY_E_INTERNAL, "column '" + column->field().name + "' of a result has " +
                                        std::to_string(column->rows()) + " rows, others " +
                                        std::to_string(rows()));
    children.parts.push_back(ArrowExport::array(column, first, count));
  }
  auto node = std::make_unique<ArrowExport::ArrayNode>();
  node->children = std::exchange(children.parts, {});
  *out = ArrowExport::array(std::move(node), 0, count, 0, 1);
}

}  // namespace assay::sdk
