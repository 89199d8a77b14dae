// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/arrow.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::array<const char*, 4> kFormats = {"g", "l", "b", "u"};  // as ColumnType counts

const char* format_of(ColumnType type) {
  return kFormats.at(static_cast<std::size_t>(type));
}

// Everything that one exported schema points to, children included.
struct SchemaData {
  std::string name;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> child_pointers;
};

void release_schema(ArrowSchema* schema) {
  auto* data = static_cast<SchemaData*>(schema->private_data);
  for (ArrowSchema& child : data->children)
    if (child.release != nullptr) child.release(&child);
  delete data;
  schema->release = nullptr;
}

void fill_schema(ArrowSchema& out, const char* format, std::string name, std::size_t children) {
  auto* data = new SchemaData{std::move(name), std::vector<ArrowSchema>(children), {}};
  for (ArrowSchema& child : data->children) data->child_pointers.push_back(&child);
  out = {};
  out.format = format;
  out.name = data->name.c_str();
  out.flags = ARROW_FLAG_NULLABLE;
  out.n_children = static_cast<std::int64_t>(children);
  out.children = data->child_pointers.data();
  out.release = release_schema;
  out.private_data = data;
}

struct ArrayData {
  TablePtr table;
  std::vector<std::uint8_t> validity, bits;  // copies, where a bitmap did not start at a byte
  std::array<const void*, 3> buffers{};
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> child_pointers;
};

void release_array(ArrowArray* array) {
  auto* data = static_cast<ArrayData*>(array->private_data);
  for (ArrowArray& child : data->children)
    if (child.release != nullptr) child.release(&child);
  delete data;
  array->release = nullptr;
}

void fill_array(ArrowArray& out, ArrayData* data, std::int64_t rows, std::int64_t buffers) {
  for (ArrowArray& child : data->children) data->child_pointers.push_back(&child);
  out = {};
  out.length = rows;
  out.n_buffers = buffers;
  out.buffers = data->buffers.data();
  out.n_children = static_cast<std::int64_t>(data->children.size());
  out.children = data->child_pointers.data();
  out.release = release_array;
  out.private_data = data;
}

const std::uint8_t* slice_bits(const std::uint8_t* bits, std::int64_t first, std::int64_t rows,
                               std::vector<std::uint8_t>& copy) {
  if (first % 8 == 0) return bits + first / 8;
  copy.assign(static_cast<std::size_t>((rows + 7) / 8), 0);
  for (std::int64_t i = 0; i < rows; ++i)
    if ((bits[(first + i) / 8] >> ((first + i) % 8) & 1) != 0)
      copy[static_cast<std::size_t>(i / 8)] =
          static_cast<std::uint8_t>(copy[static_cast<std::size_t>(i / 8)] | 1u << (i % 8));
  return copy.data();
}

void export_column(ArrowArray& out, const TablePtr& table, const Column& column, std::int64_t first,
                   std::int64_t rows) {
  auto* data = new ArrayData{table, {}, {}, {}, {}, {}};
  if (column.validity() != nullptr)
    data->buffers[0] = slice_bits(column.validity(), first, rows, data->validity);
  switch (column.type()) {
    case ColumnType::f64:
      data->buffers[1] = static_cast<const double*>(column.values()) + first;
      break;
    case ColumnType::i64:
      data->buffers[1] = static_cast<const std::int64_t*>(column.values()) + first;
      break;
    case ColumnType::boolean:
      data->buffers[1] =
          slice_bits(static_cast<const std::uint8_t*>(column.values()), first, rows, data->bits);
      break;
    case ColumnType::utf8:
      data->buffers[1] = column.offsets() + first;
      data->buffers[2] = column.text();
      break;
  }
  fill_array(out, data, rows, column.type() == ColumnType::utf8 ? 3 : 2);
  // A slice of a column with nulls may have none; counting is the reader's business.
  out.null_count = column.validity() == nullptr ? 0 : -1;
}

bool valid(const ArrowArray& array, std::int64_t row) {
  if (array.buffers[0] == nullptr) return true;
  const std::int64_t at = array.offset + row;
  return (static_cast<const std::uint8_t*>(array.buffers[0])[at / 8] >> (at % 8) & 1) != 0;
}

void import_value(Column& column, const ArrowArray& array, std::int64_t row) {
  const std::int64_t at = array.offset + row;
  switch (column.type()) {
    case ColumnType::f64:
      return column.append(static_cast<const double*>(array.buffers[1])[at]);
    case ColumnType::i64:
      return column.append(static_cast<const std::int64_t*>(array.buffers[1])[at]);
    case ColumnType::boolean:
      return column.append((static_cast<const std::uint8_t*>(array.buffers[1])[at / 8] >> (at % 8) & 1) != 0);
    case ColumnType::utf8: {
      const auto* offsets = static_cast<const std::int32_t*>(array.buffers[1]) + at;
      const auto* text = static_cast<const char*>(array.buffers[2]);
      const auto size = static_cast<std::size_t>(offsets[1] - offsets[0]);
      return column.append(size == 0 ? std::string_view() : std::string_view(text + offsets[0], size));
    }
  }
}

}  // namespace

SchemaOwner export_schema(const TableSchema& schema) {
  SchemaOwner owner;
  fill_schema(*owner.get(), "+s", "", schema.size());
  for (std::size_t i = 0; i < schema.size(); ++i)
    fill_schema(*owner->children[i], format_of(schema[i].type), schema[i].name, 0);
  return owner;
}

TableSchema import_schema(const ArrowSchema& schema) {
  if (std::strcmp(schema.format, "+s") != 0)
    throw Error(Code::unsupported, fmt::format("a batch is a struct of columns, not \"{}\"", schema.format));
  TableSchema columns;
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& child = *schema.children[i];
    const std::string name = child.name == nullptr ? "" : child.name;
    std::size_t type = 0;
    while (type < kFormats.size() && std::strcmp(child.format, kFormats[type]) != 0) ++type;
    if (type == kFormats.size() || child.dictionary != nullptr)
      throw Error(Code::unsupported,
                  fmt::format("column \"{}\" has the Arrow format \"{}\"; only g, l, b and u are read", name,
                              child.format));
    columns.push_back({name, static_cast<ColumnType>(type)});
  }
  return columns;
}

ArrayOwner export_batch(TablePtr table, std::int64_t first, std::int64_t rows,
                        const std::vector<std::size_t>& columns) {
  ArrayOwner owner;
  auto* data = new ArrayData{table, {}, {}, {}, std::vector<ArrowArray>(columns.size()), {}};
  fill_array(*owner.get(), data, rows, 1);
  for (std::size_t i = 0; i < columns.size(); ++i)
    export_column(*owner->children[i], table, table->columns().at(columns[i]), first, rows);
  return owner;
}

ArrayOwner export_batch(TablePtr table) {
  std::vector<std::size_t> columns(table->columns().size());
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = i;
  const std::int64_t rows = table->rows();
  return export_batch(std::move(table), 0, rows, columns);
}

void append_batch(std::vector<Column>& columns, const ArrowArray& batch) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const ArrowArray& array = *batch.children[i];
    columns[i].reserve(columns[i].size() + batch.length);
    // A struct's own offset shifts its children.
    for (std::int64_t row = batch.offset; row < batch.offset + batch.length; ++row) {
      if (valid(array, row))
        import_value(columns[i], array, row);
      else
        columns[i].append_null();
    }
  }
}

TablePtr import_batch(const TableSchema& schema, const ArrowArray& batch) {
  if (schema.empty()) return std::make_shared<Table>(batch.length);
  std::vector<Column> columns;
  for (const ColumnSpec& spec : schema) columns.emplace_back(spec);
  append_batch(columns, batch);
  return std::make_shared<Table>(std::move(columns));
}

}  // namespace assay
