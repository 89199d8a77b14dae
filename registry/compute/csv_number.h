// SPDX-License-Identifier: Apache-2.0
// Plain decimals of one column of indexed CSV, all rows at once: sign, up to 19 digits, a point. Everything else
// (blanks, exponents, words, more digits, quotes) is `other` and left to literal.h, which decides what is a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "storage/base/cpu.h"

namespace assay {

// Bytes that may be read behind a cell.
inline constexpr std::size_t kCsvOverread = 32;

// Records of one stretch of text, `columns` cells each; `ends` as in CsvIndex. kCsvOverread bytes follow the text.
struct CsvWindow {
  const char* text;
  const std::uint32_t* ends;
  std::size_t records;
  std::size_t columns;
  bool carriage_returns;  // the last cell's end may be CRLF

  struct Cell {
    const char* begin;
    std::size_t size;
  };
  __attribute__((always_inline)) Cell cell(std::size_t record, std::size_t column) const {
    const std::size_t at = record * columns + column;
    const std::uint32_t begin = ends[at] + 1;  // wraps to 0 for the first
    std::uint32_t end = ends[at + 1];
    if (carriage_returns && column + 1 == columns && end != begin && text[end - 1] == '\r') --end;
    return {text + begin, end - begin};
  }
};

struct Decimal {
  enum class Kind : std::uint8_t { null, number, other };
  std::uint64_t digits;  // all of them, without the point
  std::uint8_t fraction;  // how many were behind it
  bool has_point;
  bool negative;
  Kind kind;
};

// Fills `out`, one for each record. The same whatever `cpu` has.
void read_decimals(const Cpu& cpu, const CsvWindow& window, std::size_t column, Decimal* out);

inline constexpr double kExactPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                          1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                          1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// As quotient, for digits of more than 53 bits.
bool wide_quotient(std::uint64_t digits, unsigned fraction, double& value);

// digits / 10^fraction, correctly rounded; false in the rare case (1 in 500 of those with more than 53 bits) that 64
// bits of the quotient do not decide. No optional: one that goes through memory costs more than the division.
inline bool quotient(std::uint64_t digits, unsigned fraction, double& value) {
  // Both sides are doubles exactly, so the one division rounds correctly (Clinger 1990).
  if (digits > std::uint64_t{1} << 53 || fraction >= std::size(kExactPowers))
    return wide_quotient(digits, fraction, value);
  value = static_cast<double>(static_cast<std::int64_t>(digits)) / kExactPowers[fraction];
  return true;
}

}  // namespace assay
