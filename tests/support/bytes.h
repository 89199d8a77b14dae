// SPDX-License-Identifier: Apache-2.0
// Made-up bytes for tests, the same on every run.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace assay::test {

// Incompressible.
inline std::string random_bytes(std::size_t size, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(generator() >> 56);
  return bytes;
}

// Looks like a table: compresses several times, no two lines alike.
inline std::string table_bytes(std::size_t size, std::uint64_t seed) {
  std::string bytes;
  bytes.reserve(size + 64);
  for (std::uint64_t row = seed * 1000003; bytes.size() < size; ++row)
    bytes += std::to_string(row) + ",carrier-" + std::to_string(row % 17) + ",0." +
             std::to_string(row * 7919 % 1000) + "\n";
  bytes.resize(size);
  return bytes;
}

inline std::span<const std::byte> as_span(std::string_view bytes) {
  return std::as_bytes(std::span(bytes));
}

}  // namespace assay::test
