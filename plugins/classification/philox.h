// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10 of the SDK, by key and counter, and counts drawn with it: the n-th number is a function of (seed, n), so
// that a resample draws the same weights however the work is cut.
#pragma once

#include <array>
#include <cstdint>

#include "assay/ext/rng.h"

namespace assay::classification {

using PhiloxBlock = std::array<std::uint32_t, 4>;

// Four uniform 32-bit numbers for this key and counter.
inline PhiloxBlock philox(std::uint64_t key, PhiloxBlock counter) {
  PhiloxBlock out;
  assay_philox(key, counter[2] | std::uint64_t{counter[3]} << 32, counter[0] | std::uint64_t{counter[1]} << 32,
               out.data());
  return out;
}

// The cumulative distribution of Poisson(1) in units of 2^-32.
inline constexpr auto kPoisson = [] {
  std::array<std::uint64_t, 13> out{};
  double probability = 0.36787944117144233, sum = 0;  // exp(-1)
  for (std::size_t k = 0; k < out.size(); ++k) {
    sum += probability;
    probability /= static_cast<double>(k + 1);
    out[k] = static_cast<std::uint64_t>(sum * 4294967296.0);
  }
  return out;
}();

// A Poisson(1) count by inversion: how many values of the cumulative distribution lie at or below `uniform`.
// The high byte mostly decides, so a table gives the count to start from.
inline std::uint8_t poisson_of(std::uint32_t uniform) {
  static constexpr auto least = [] {
    std::array<std::uint8_t, 256> out{};
    for (std::size_t byte = 0; byte < out.size(); ++byte)
      while (kPoisson[out[byte]] <= byte << 24) ++out[byte];
    return out;
  }();
  std::uint8_t count = least[uniform >> 24];
  while (count < kPoisson.size() && uniform >= kPoisson[count]) ++count;
  return count;
}

}  // namespace assay::classification
