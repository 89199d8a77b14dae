// SPDX-License-Identifier: Apache-2.0
// Fixed-width little-endian integers in byte buffers, as every file of ours stores them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace assay {

// Each reads or writes exactly the integer's width at `at`, of any alignment.
inline std::uint32_t get_u32(const std::byte* at) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(at[i]) << (8 * i);
  return value;
}

inline std::uint64_t get_u64(const std::byte* at) {
  return get_u32(at) | static_cast<std::uint64_t>(get_u32(at + 4)) << 32;
}

inline void put_u32(std::byte* at, std::uint32_t value) {
  for (unsigned i = 0; i < 4; ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}

inline void put_u64(std::byte* at, std::uint64_t value) {
  put_u32(at, static_cast<std::uint32_t>(value));
  put_u32(at + 4, static_cast<std::uint32_t>(value >> 32));
}

}  // namespace assay
