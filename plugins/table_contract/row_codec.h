// SPDX-License-Identifier: Apache-2.0
// A row as bytes, such that equal bytes mean equal rows: columns by name, whole numbers as decimals where
// both say the same, one NaN, one zero.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "assay/batch.hpp"

namespace assay::table_contract {

enum class Tag : std::uint8_t { null, number, big_integer, boolean, text, unreadable };

// What one cell holds. Text borrows from the bytes it was read from.
struct Cell {
  Tag tag = Tag::null;
  double number = 0;      // of number and boolean
  std::string_view text;  // of text, and the 8 bytes of a big integer
};

class RowEncoder {
 public:
  explicit RowEncoder(const sdk::Batch& batch);
  // The bytes of one row, valid until the next call.
  std::string_view row(std::int64_t row);

 private:
  std::vector<sdk::Column> columns_;
  std::string bytes_;
};

// The order in which columns of these names are encoded: by name, equal ones as they come.
std::vector<std::size_t> encoded_order(const std::vector<std::string>& names);

// True when the bytes are a row of so many cells.
bool is_row(std::string_view bytes, std::size_t columns);
// The cell at `place` of an encoded row.
Cell cell_at(std::string_view row, std::size_t place);

}  // namespace assay::table_contract
