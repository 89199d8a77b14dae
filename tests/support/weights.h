// SPDX-License-Identifier: Apache-2.0
// Made-up weights for tests and benchmarks, the same on every machine: rows of nearly Gaussian values, each
// row with a scale of its own, and fine-tunes of them, which move most weights by about the same small
// absolute step.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "storage/blob/element.h"

namespace assay::test {

// Sums of twelve uniform numbers: Gaussian enough, and exact, unlike <random>'s distributions, which
// libraries differ in.
class NearlyGaussian {
 public:
  explicit NearlyGaussian(std::uint64_t seed) : generator_(seed) {}

  double operator()() {
    std::int64_t sum = 0;
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t bits = generator_();
      for (int j = 0; j < 4; ++j) sum += static_cast<std::int64_t>(bits >> (16 * j) & 0xFFFF);
    }
    return static_cast<double>(sum - 6 * 0xFFFF) / 65536;
  }

 private:
  std::mt19937_64 generator_;
};

inline std::vector<float> made_weights(std::size_t count, std::uint64_t seed) {
  constexpr std::size_t kRow = 1024;
  NearlyGaussian gaussian(seed);
  std::vector<float> weights(count);
  double scale = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % kRow == 0) scale = 0.02 * (1 + 0.3 * std::abs(gaussian()));
    weights[i] = static_cast<float>(gaussian() * scale);
  }
  return weights;
}

// `step` is the size of an update; about a quarter of the weights move much less.
inline std::vector<float> made_fine_tune(std::vector<float> weights, double step, std::uint64_t seed) {
  NearlyGaussian gaussian(seed);
  for (float& weight : weights) {
    const double activity = gaussian() > 0.7 ? 0.1 : 1;
    weight = static_cast<float>(weight + gaussian() * step * activity);
  }
  return weights;
}

inline std::uint16_t f16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint32_t>(bits >> 16 & 0x8000);
  const auto exponent = static_cast<int>(bits >> 23 & 0xFF) - 112;
  if (exponent >= 31) return static_cast<std::uint16_t>(sign | 0x7C00);
  const std::uint32_t mantissa = (bits & 0x7FFFFF) | 0x800000;
  if (exponent <= 0)
    return static_cast<std::uint16_t>(exponent < -10 ? sign : sign | mantissa >> (14 - exponent));
  return static_cast<std::uint16_t>(
      (sign | static_cast<std::uint32_t>(exponent) << 10 | (bits >> 13 & 0x3FF)) + (bits >> 12 & 1));
}

inline std::uint16_t bf16_bits(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// The little-endian bytes of `values` as elements of that kind; as f32 for Element::bytes.
inline std::string stored_as(Element element, const std::vector<float>& values) {
  std::string bytes;
  const auto append = [&](const auto& word) {
    bytes.append(reinterpret_cast<const char*>(&word), sizeof(word));
  };
  for (const float value : values) {
    if (element == Element::f16)
      append(f16_bits(value));
    else if (element == Element::bf16)
      append(bf16_bits(value));
    else if (element == Element::f64)
      append(std::bit_cast<std::uint64_t>(static_cast<double>(value) * 1.0000001234567));
    else
      append(std::bit_cast<std::uint32_t>(value));
  }
  return bytes;
}

}  // namespace assay::test
