// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/chunk_sample.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "storage/blob/entropy_estimate.h"
#include "storage/blob/plane_split.h"

namespace assay {
namespace {

constexpr std::size_t kStrips = 16;

}  // namespace

ChunkSample::ChunkSample(std::span<const std::byte> chunk, std::size_t width, std::size_t elements,
                         std::byte* to) {
  const std::size_t count = chunk.size() / width;
  const std::size_t strip = std::min(count, elements) / kStrips;
  std::size_t used = 0;
  if (count <= elements) {
    used = count * width;
    std::copy_n(chunk.data(), used, to);
  } else {
    const std::size_t stride = (count - strip) / (kStrips - 1);
    for (std::size_t s = 0; s < kStrips; ++s, used += strip * width)
      std::copy_n(chunk.data() + s * stride * width, strip * width, to + used);
  }
  bytes_ = {to, used};
}

bool looks_random(std::span<const std::byte> bytes) {
  constexpr std::size_t kSampled = 16384;
  if (bytes.size() < kSampled) return false;
  std::array<std::byte, kSampled> room;
  const ChunkSample sample(bytes, 1, kSampled, room.data());
  // Random bytes measure 7.989 bits in a sample of this size.
  return entropy_bits(count_bytes(sample.bytes())) > 7.97 * static_cast<double>(sample.bytes().size());
}

// Counts the eight-byte words of a sample that a small table of recent ones holds already. Weights are noise
// below their first bits: two equal neighbours are rare and eight equal bytes more so, while a pruned or
// constant tensor is planes' own case, which its sections handle: zero words do not count.
bool looks_repetitive(std::span<const std::byte> bytes) {
  constexpr std::size_t kWords = 4096;
  std::array<std::byte, kWords * 8> room;
  const ChunkSample sample(bytes, 8, kWords, room.data());
  std::array<std::uint64_t, 4096> recent{};
  std::size_t seen = 0;
  std::size_t words = 0;
  for (std::size_t i = 0; i + 8 <= sample.bytes().size(); i += 8, ++words) {
    std::uint64_t word = 0;
    std::memcpy(&word, sample.bytes().data() + i, 8);
    std::uint64_t& slot = recent[word * 0x9E3779B97F4A7C15 >> 52];
    seen += word != 0 && slot == word;
    slot = word;
  }
  return words >= 64 && seen * 4 > words;
}

std::size_t estimate_planes(const Cpu& cpu, std::span<const std::byte> sample, Element element,
                            std::byte* room) {
  const std::size_t count = sample.size() / width(element);
  split_planes(cpu, width(element), sample.data(), count, room);
  double bits = 0;
  for (std::size_t p = 0; p < width(element); ++p)
    bits += entropy_bits(count_bytes({room + p * count, count}));
  return static_cast<std::size_t>(bits / 8);
}

}  // namespace assay
