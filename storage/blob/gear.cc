// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/gear.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "storage/base/digest.h"
#include "storage/base/little_endian.h"

namespace assay {
namespace {

using GearTable = std::array<std::uint64_t, 256>;

// A byte leaves the hash after 64 steps, so what came before does not matter.
constexpr std::size_t kWindow = 64;
// Until the average a cut needs two zero bits more than the average alone would ask for, behind it two fewer:
// sizes gather around the average.
constexpr unsigned kBits = std::bit_width(kGearAverage) - 1;
constexpr std::uint64_t kMaskBefore = ~std::uint64_t{0} << (64 - kBits - 2);
constexpr std::uint64_t kMaskBehind = ~std::uint64_t{0} << (64 - kBits + 2);
static_assert(std::has_single_bit(kGearAverage) && kWindow < kGearMin && kGearMin < kGearAverage &&
              kGearAverage < kGearMax);

GearTable make_table() {
  GearTable table{};
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto byte = static_cast<std::byte>(i);
    const Digest::Bytes digest = Digest::of(std::span(&byte, 1)).bytes();
    table[i] = get_u64(std::as_bytes(std::span(digest)).data());
  }
  return table;
}

const GearTable& gear_table() {
  static const GearTable table = make_table();
  return table;
}

// The first place at or behind `i`, and not behind `end`, where the hash of the bytes before it has no bit of
// `mask`; `end` when there is none. Eight bytes a turn, for the test of the end costs as much as the hash.
std::size_t seek(const std::byte* bytes, std::size_t i, std::size_t end, std::uint64_t mask,
                 std::uint64_t& hash) {
  const GearTable& table = gear_table();
  std::uint64_t h = hash;
  if ((h & mask) == 0) return i;
  while (i < end) {
    const std::size_t turn = std::min<std::size_t>(8, end - i);
    if (turn == 8) {
#pragma GCC unroll 8
      for (std::size_t j = 0; j < 8; ++j) {
        h = (h << 1) + table[static_cast<std::size_t>(bytes[i + j])];
        if ((h & mask) == 0) {
          hash = h;
          return i + j + 1;
        }
      }
      i += 8;
    } else {
      h = (h << 1) + table[static_cast<std::size_t>(bytes[i++])];
      if ((h & mask) == 0) break;
    }
  }
  hash = h;
  return i;
}

}  // namespace

std::size_t gear_cut(std::span<const std::byte> bytes) {
  const std::size_t size = std::min(bytes.size(), kGearMax);
  if (size <= kGearMin) return size;
  std::uint64_t hash = 0;
  for (std::size_t i = kGearMin - kWindow; i < kGearMin; ++i)
    hash = (hash << 1) + gear_table()[static_cast<std::size_t>(bytes[i])];
  const std::size_t average = std::min(size, kGearAverage);
  const std::size_t before = seek(bytes.data(), kGearMin, average, kMaskBefore, hash);
  if ((hash & kMaskBefore) == 0) return before;
  return seek(bytes.data(), before, size, kMaskBehind, hash);
}

}  // namespace assay
