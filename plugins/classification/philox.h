// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10, a counter-based generator: the n-th number is a function of (seed, n), so that a resample
// draws the same weights however the work is cut. Salmon et al., "Parallel random numbers: as easy as 1, 2,
// 3", SC11.
#pragma once

#include <array>
#include <cstdint>

namespace assay::classification {

using PhiloxBlock = std::array<std::uint32_t, 4>;

// Four uniform 32-bit numbers for this key and counter.
inline PhiloxBlock philox(std::uint64_t key, PhiloxBlock counter) {
  auto key0 = static_cast<std::uint32_t>(key);
  auto key1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t even = std::uint64_t{0xD2511F53u} * counter[0];
    const std::uint64_t odd = std::uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<std::uint32_t>(odd >> 32) ^ counter[1] ^ key0, static_cast<std::uint32_t>(odd),
               static_cast<std::uint32_t>(even >> 32) ^ counter[3] ^ key1, static_cast<std::uint32_t>(even)};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
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
