// SPDX-License-Identifier: Apache-2.0
// One tag a cell, then its value: 8 bytes of a number, 1 of a boolean, a 4-byte length and the bytes of a
// text.
#include "row_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace assay::table_contract {
namespace {

void put(std::string& out, Tag tag) {
  out += static_cast<char>(tag);
}

void put_little(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

std::uint64_t get_little(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return value;
}

void put_number(std::string& out, double value) {
  put(out, Tag::number);
  if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  put_little(out, std::bit_cast<std::uint64_t>(value + 0.0), 8);
}

void put_integer(std::string& out, std::int64_t value) {
  constexpr std::int64_t exact = std::int64_t{1} << 53;
  if (value >= -exact && value <= exact) return put_number(out, static_cast<double>(value));
  put(out, Tag::big_integer);
  put_little(out, static_cast<std::uint64_t>(value), 8);
}

void put_cell(std::string& out, const sdk::Column& column, std::int64_t row) {
  if (column.type() == sdk::Type::other || column.type() == sdk::Type::list_i64)
    return put(out, Tag::unreadable);
  if (column.is_null(row)) return put(out, Tag::null);
  switch (column.type()) {
    case sdk::Type::f64:
      return put_number(out, column.number(row));
    case sdk::Type::i64:
      return put_integer(out, column.i64()[static_cast<std::size_t>(row)]);
    case sdk::Type::boolean:
      put(out, Tag::boolean);
      return put_little(out, column.boolean(row) ? 1 : 0, 1);
    default:
      put(out, Tag::text);
      put_little(out, column.text(row).size(), 4);
      out += column.text(row);
  }
}

std::optional<Cell> take_cell(std::string_view& rest) {
  const auto take = [&rest](std::size_t size) -> std::optional<std::string_view> {
    if (rest.size() < size) return std::nullopt;
    const std::string_view taken = rest.substr(0, size);
    rest.remove_prefix(size);
    return taken;
  };
  const auto tag = take(1);
  if (!tag || static_cast<unsigned char>((*tag)[0]) > static_cast<unsigned char>(Tag::unreadable))
    return std::nullopt;
  Cell out{static_cast<Tag>((*tag)[0]), 0, {}};
  if (out.tag == Tag::null || out.tag == Tag::unreadable) return out;
  const auto head = take(out.tag == Tag::boolean ? 1 : out.tag == Tag::text ? 4 : 8);
  if (!head) return std::nullopt;
  const std::uint64_t value = get_little(*head);
  if (out.tag == Tag::number) out.number = std::bit_cast<double>(value);
  if (out.tag == Tag::boolean) out.number = value == 0 ? 0 : 1;
  if (out.tag == Tag::big_integer) out.text = *head;
  if (out.tag == Tag::text) {
    const auto text = take(static_cast<std::size_t>(value));
    if (!text) return std::nullopt;
    out.text = *text;
  }
  return out;
}

}  // namespace

std::vector<std::size_t> encoded_order(const std::vector<std::string>& names) {
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return names[a] < names[b]; });
  return order;
}

RowEncoder::RowEncoder(const sdk::Batch& batch) {
  std::vector<std::string> names;
  for (const sdk::Field& field : batch.schema()) names.push_back(field.name);
  for (const std::size_t i : encoded_order(names)) columns_.push_back(batch.column(i));
}

std::string_view RowEncoder::row(std::int64_t row) {
  bytes_.clear();
  for (const sdk::Column& column : columns_) put_cell(bytes_, column, row);
  return bytes_;
}

bool is_row(std::string_view bytes, std::size_t columns) {
  for (std::size_t i = 0; i < columns; ++i)
    if (!take_cell(bytes)) return false;
  return bytes.empty();
}

Cell cell_at(std::string_view row, std::size_t place) {
  for (; place > 0; --place) take_cell(row);
  return take_cell(row).value_or(Cell{});
}

}  // namespace assay::table_contract
