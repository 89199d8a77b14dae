// SPDX-License-Identifier: Apache-2.0
// How few bits an ideal coder that knows the histogram would need.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace assay {

using ByteCounts = std::array<std::uint32_t, 256>;

inline ByteCounts count_bytes(std::span<const std::byte> bytes) {
  // Two tables in turn, so that a run of one byte does not wait for itself.
  ByteCounts counts{};
  ByteCounts odd{};
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    ++counts[static_cast<std::size_t>(bytes[i])];
    ++odd[static_cast<std::size_t>(bytes[i + 1])];
  }
  if (bytes.size() % 2 != 0) ++counts[static_cast<std::size_t>(bytes.back())];
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += odd[i];
  return counts;
}

// Shannon's entropy of order 0 times the number of bytes, in bits.
inline double entropy_bits(const ByteCounts& counts) {
  double sum = 0;
  double bits = 0;
  for (const std::uint32_t count : counts) {
    if (count == 0) continue;
    sum += count;
    bits -= count * std::log2(static_cast<double>(count));
  }
  return sum > 0 ? bits + sum * std::log2(sum) : 0;
}

}  // namespace assay
