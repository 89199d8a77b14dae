// SPDX-License-Identifier: Apache-2.0
// Numbers that depend on a seed and on what they are for, and on nothing else: no generator whose state would
// make one draw depend on those before it.
#pragma once

#include <cstdint>
#include <string_view>

namespace assay {

// Mixes all bits of `value` into all bits of the answer (SplitMix64's finaliser, Steele et al. 2014).
constexpr std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15ull;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBull;
  return value ^ (value >> 31);
}

// In [0, 1), of draw `number` for `purpose`.
constexpr double seeded_share(std::uint64_t seed, std::uint64_t number, std::string_view purpose) {
  std::uint64_t state = mixed(mixed(seed) ^ number);
  for (const char letter : purpose) state = mixed(state ^ static_cast<unsigned char>(letter));
  return static_cast<double>(state >> 11) * 0x1p-53;
}

}  // namespace assay
