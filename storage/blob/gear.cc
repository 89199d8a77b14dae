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

}  // namespace

std::size_t gear_cut(std::span<const std::byte> bytes) {
  const std::size_t size = std::min(bytes.size(), kGearMax);
  if (size <= kGearMin) return size;
  const GearTable& table = gear_table();
  const std::byte* const at = bytes.data();
  std::uint64_t hash = 0;
  std::size_t i = kGearMin - kWindow;
  const auto step = [&] { hash = (hash << 1) + table[static_cast<std::size_t>(at[i++])]; };
  while (i < kGearMin) step();
  const auto seek = [&](std::uint64_t mask, std::size_t end) {
    while ((hash & mask) != 0 && i < end) step();
    return (hash & mask) == 0;
  };
  if (!seek(kMaskBefore, std::min(size, kGearAverage))) seek(kMaskBehind, size);
  return i;
}

}  // namespace assay
