// SPDX-License-Identifier: Apache-2.0
// The chunks whose encodings lie in this folder: raw and parent bytes by integer formulas, the same
// everywhere and for ever. Never change a sample; add another.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/blob/chunk_codec.h"

namespace assay::golden {

struct CodecSample {
  std::string name;  // the file NAME.stored
  ChunkCodec codec;
  Element element;
  std::string raw;
  std::string parent;
};

// SplitMix64's mixing of its argument.
inline std::uint64_t mixed(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
  value = (value ^ value >> 27) * 0x94D049BB133111EB;
  return value ^ value >> 31;
}

// Element i's bits: half of the weights at the largest exponent, a quarter one below, and so on; random sign
// and mantissa.
inline std::uint64_t weight_bits(Element element, std::uint64_t i) {
  const std::uint64_t noise = mixed(i);
  const auto below = static_cast<std::uint64_t>(std::countr_zero(mixed(i + 1000000) | 1U << 12));
  switch (element) {
    case Element::f16:
      return (noise & 1) << 15 | (14 - below) << 10 | (noise >> 8 & 0x3FF);
    case Element::bf16:
      return (noise & 1) << 15 | (124 - below) << 7 | (noise >> 8 & 0x7F);
    case Element::f32:
      return (noise & 1) << 31 | (124 - below) << 23 | (noise >> 8 & 0x7FFFFF);
    default:
      return (noise & 1) << 63 | (1020 - below) << 52 | (noise >> 8 & 0xFFFFFFFFFFFFF);
  }
}

// `count` weights and three bytes that are none. With `reach` each is moved by up to that many units of the
// last place, more at smaller exponents; every hundredth is a pattern that arithmetic would not keep: NaN,
// infinity, -0.
inline std::string weights(Element element, std::size_t count, std::uint64_t reach) {
  std::string bytes;
  const std::size_t size = width(element);
  const std::uint64_t mask = size == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * size) - 1;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t bits = weight_bits(element, i);
    const auto below = static_cast<unsigned>(std::countr_zero(mixed(i + 1000000) | 1U << 12));
    if (reach > 0) bits += mixed(i + 2000000) % ((reach << below) + 1);
    if (reach > 0 && i % 100 == 7)
      bits = i % 3 == 0 ? mask : i % 3 == 1 ? mask ^ mask >> 1 : mask >> 1 ^ mask >> 9;
    for (std::size_t b = 0; b < size; ++b) bytes += static_cast<char>(bits >> 8 * b);
  }
  return bytes + "end";
}

inline std::string table(std::size_t rows, std::uint64_t every) {
  std::string text;
  for (std::uint64_t row = 0; row < rows; ++row)
    text += std::to_string(10000 + row) + ",item-" + std::to_string(mixed(row) % 50) + "," +
            std::to_string(mixed(row + (every > 0 && row % every == 0)) % 10000) + "\n";
  return text;
}

inline std::vector<CodecSample> codec_samples() {
  std::string noise;
  for (std::uint64_t i = 0; i < 200; ++i) noise += static_cast<char>(mixed(i));
  std::vector<CodecSample> all = {
      {"raw", ChunkCodec::raw, Element::bytes, noise, ""},
      {"zstd", ChunkCodec::zstd, Element::bytes, table(200, 0), ""},
      {"zstd_prefix", ChunkCodec::zstd_prefix, Element::bytes, table(300, 50), table(280, 0)}};
  const std::pair<const char*, Element> floats[] = {
      {"f16", Element::f16}, {"bf16", Element::bf16}, {"f32", Element::f32}, {"f64", Element::f64}};
  for (const auto& [name, element] : floats) {
    const std::string parent = weights(element, 1500, 0);
    all.push_back({std::string("planes_") + name, ChunkCodec::planes, element, parent, ""});
    // The first mostly zeros (gaps and nibbles), the second mostly not (bytes, and bits that tokens leave
    // out).
    for (const std::uint64_t reach : {1, 40})
      all.push_back({std::string("difference_") + name + "_" + std::to_string(reach), ChunkCodec::difference,
                     element, weights(element, 1500, reach), parent});
  }
  return all;
}

}  // namespace assay::golden
