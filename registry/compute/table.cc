// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <unordered_set>

#include "registry/domain/nearest.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::array<std::string_view, 4> kTypeNames = {"f64", "i64", "bool", "utf8"};

template <typename Bits>
bool bit(const Bits& bits, std::int64_t at) {
  return (bits[static_cast<std::size_t>(at >> 3)] >> (at & 7) & 1) != 0;
}

template <typename Bits>
void push_bit(Bits& bits, std::int64_t at, bool value) {
  if ((at & 7) == 0) bits.push_back(0);
  if (value) bits.back() = static_cast<std::uint8_t>(bits.back() | 1u << (at & 7));
}

// A byte of 0 or 1 for each bit.
template <typename Bits>
void push_bits(Bits& bits, std::int64_t at, std::span<const std::uint8_t> values) {
  while (!values.empty()) {
    if ((at & 7) != 0 || values.size() < 8) {
      push_bit(bits, at++, values.front() != 0);
      values = values.subspan(1);
      continue;
    }
    std::uint64_t eight = 0;
    std::memcpy(&eight, values.data(), sizeof eight);
    bits.push_back(static_cast<std::uint8_t>(eight * 0x0102040810204080 >> 56));  // byte i becomes bit i
    at += 8;
    values = values.subspan(8);
  }
}

}  // namespace

std::string_view name_of(ColumnType type) {
  return kTypeNames.at(static_cast<std::size_t>(type));
}

std::optional<ColumnType> column_type_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kTypeNames.size(); ++i)
    if (kTypeNames[i] == name) return static_cast<ColumnType>(i);
  return std::nullopt;
}

Column::Column(ColumnSpec spec, const TableMemory& memory)
    : spec_(std::move(spec)),
      validity_(TableAllocator<std::uint8_t>(memory)),
      f64_(TableAllocator<double>(memory)),
      i64_(TableAllocator<std::int64_t>(memory)),
      bits_(TableAllocator<std::uint8_t>(memory)),
      offsets_(TableAllocator<std::int32_t>(memory)),
      text_(TableAllocator<char>(memory)) {
  if (spec_.type == ColumnType::utf8) offsets_.push_back(0);
}

Column::Column(const Column& from, const TableMemory& memory)
    : spec_(from.spec_),
      size_(from.size_),
      null_count_(from.null_count_),
      validity_(from.validity_, TableAllocator<std::uint8_t>(memory)),
      f64_(from.f64_, TableAllocator<double>(memory)),
      i64_(from.i64_, TableAllocator<std::int64_t>(memory)),
      bits_(from.bits_, TableAllocator<std::uint8_t>(memory)),
      offsets_(from.offsets_, TableAllocator<std::int32_t>(memory)),
      text_(from.text_, TableAllocator<char>(memory)) {}

Column Column::renamed(std::string name) const {
  Column out = *this;
  out.spec_.name = std::move(name);
  return out;
}

bool Column::is_null(std::int64_t row) const {
  return null_count_ != 0 && !bit(validity_, row);
}
bool Column::boolean(std::int64_t row) const {
  return bit(bits_, row);
}

std::string_view Column::utf8(std::int64_t row) const {
  const auto at = static_cast<std::size_t>(row);
  return std::string_view(text_).substr(static_cast<std::size_t>(offsets_[at]),
                                        static_cast<std::size_t>(offsets_[at + 1] - offsets_[at]));
}

std::optional<double> Column::number(std::int64_t row) const {
  if (is_null(row)) return std::nullopt;
  switch (spec_.type) {
    case ColumnType::f64:
      return f64(row);
    case ColumnType::i64:
      return static_cast<double>(i64(row));
    case ColumnType::boolean:
      return boolean(row) ? 1.0 : 0.0;
    case ColumnType::utf8:
      break;
  }
  throw Error(Code::internal, fmt::format("column \"{}\" holds text, not numbers", name()));
}

void Column::reserve(std::int64_t rows, std::size_t text_bytes) {
  const auto count = static_cast<std::size_t>(rows);
  validity_.reserve((count + 7) / 8);
  if (spec_.type == ColumnType::f64) f64_.reserve(count);
  if (spec_.type == ColumnType::i64) i64_.reserve(count);
  if (spec_.type == ColumnType::boolean) bits_.reserve((count + 7) / 8);
  if (spec_.type == ColumnType::utf8) offsets_.reserve(count + 1), text_.reserve(text_bytes);
}

void Column::push_validity(bool valid) {
  push_bit(validity_, size_, valid);
  ++size_;
  if (!valid) ++null_count_;
}

void Column::push_validity(std::span<const std::uint8_t> valid) {
  push_bits(validity_, size_, valid);
  size_ += static_cast<std::int64_t>(valid.size());
  null_count_ += std::count(valid.begin(), valid.end(), 0);
}

void Column::append_null() {
  if (spec_.type == ColumnType::f64) f64_.push_back(0);
  if (spec_.type == ColumnType::i64) i64_.push_back(0);
  if (spec_.type == ColumnType::boolean) push_bit(bits_, size_, false);
  if (spec_.type == ColumnType::utf8) offsets_.push_back(offsets_.back());
  push_validity(false);
}

void Column::append(double value) {
  f64_.push_back(value);
  push_validity(true);
}

void Column::append(std::int64_t value) {
  i64_.push_back(value);
  push_validity(true);
}

void Column::append(bool value) {
  push_bit(bits_, size_, value);
  push_validity(true);
}

void Column::append(std::string_view value) {
  check_text(value.size());
  text_.append(value);
  offsets_.push_back(static_cast<std::int32_t>(text_.size()));
  push_validity(true);
}

void Column::check_text(std::size_t more) const {
  if (more > std::numeric_limits<std::int32_t>::max() - text_.size())
    throw Error(Code::too_large,
                fmt::format("column \"{}\" holds more than 2 GiB of text; split the table", name()));
}

void Column::append(std::span<const double> values, std::span<const std::uint8_t> valid) {
  f64_.insert(f64_.end(), values.begin(), values.end());
  push_validity(valid);
}

void Column::append(std::span<const std::int64_t> values, std::span<const std::uint8_t> valid) {
  i64_.insert(i64_.end(), values.begin(), values.end());
  push_validity(valid);
}

void Column::append_bits(std::span<const std::uint8_t> values, std::span<const std::uint8_t> valid) {
  push_bits(bits_, size_, values);
  push_validity(valid);
}

void Column::append(std::string_view text, std::span<const std::uint32_t> ends,
                    std::span<const std::uint8_t> valid) {
  check_text(text.size());
  const auto before = static_cast<std::uint32_t>(text_.size());
  text_.append(text);
  for (const std::uint32_t end : ends) offsets_.push_back(static_cast<std::int32_t>(before + end));
  push_validity(valid);
}

const void* Column::values() const {
  switch (spec_.type) {
    case ColumnType::f64:
      return f64_.data();
    case ColumnType::i64:
      return i64_.data();
    case ColumnType::boolean:
      return bits_.data();
    case ColumnType::utf8:
      return text_.data();
  }
  return nullptr;
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  std::unordered_set<std::string_view> names;
  if (!columns_.empty()) rows_ = columns_.front().size();
  for (const Column& column : columns_) {
    if (column.size() != rows_)
      throw Error(Code::internal, fmt::format("column \"{}\" has {} rows beside columns of {}", column.name(),
                                              column.size(), rows_));
    if (!names.insert(column.name()).second)
      throw Error(Code::internal, fmt::format("column \"{}\" occurs twice in one table", column.name()));
  }
}

TableSchema Table::schema() const {
  TableSchema schema;
  for (const Column& column : columns_) schema.push_back(column.spec());
  return schema;
}

const Column* Table::find(std::string_view name) const {
  for (const Column& column : columns_)
    if (column.name() == name) return &column;
  return nullptr;
}

const Column& Table::at(std::string_view name, std::string_view what) const {
  if (const Column* column = find(name)) return *column;
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.name());
  throw Error(Code::invalid_argument,
              fmt::format("{} has no column \"{}\"{}", what, name, did_you_mean(name, names)));
}

TablePtr Table::select(const std::vector<std::string>& names, std::string_view what) const {
  std::vector<Column> chosen;
  for (const std::string& name : names) chosen.push_back(at(name, what));
  if (chosen.empty()) return std::make_shared<Table>(rows_);
  return std::make_shared<Table>(std::move(chosen));
}

}  // namespace assay
