// SPDX-License-Identifier: Apache-2.0
// Content-defined cutting: where a chunk ends depends on the bytes near its end alone, so an insertion moves
// the boundaries beside it and no others. CODECS.md, "Cutting".
#pragma once

#include <cstddef>
#include <span>

#include "storage/base/byte_size.h"

namespace assay {

// Part of the format only in so far as another cut finds no duplicates among older chunks.
inline constexpr std::size_t kGearMin = 16 * kKiB;
inline constexpr std::size_t kGearAverage = 64 * kKiB;  // a power of two
inline constexpr std::size_t kGearMax = 256 * kKiB;

// The length of the next chunk at the front of `bytes`: 0 only when `bytes` is empty, at most kGearMax, and
// at least kGearMin unless the bytes end before. Looks at no more than kGearMax bytes; the caller passes at
// least that many, unless they are the last of the file. Any thread.
std::size_t gear_cut(std::span<const std::byte> bytes);

}  // namespace assay
