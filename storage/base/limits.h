// SPDX-License-Identifier: Apache-2.0
// The store's limits, each with its reason.
#pragma once

#include <cstdint>

#include "storage/base/byte_size.h"

namespace assay {

// One blob. Its block table, which a reader holds in memory, is then at most 48 MiB.
inline constexpr std::uint64_t kMaxBlobSize = kTiB;

// Raw bytes of a block: what a ranged read must decode at least, and what compression may look back over.
// Part of the format; FORMAT.md names it.
inline constexpr std::uint32_t kBlockSize = static_cast<std::uint32_t>(kMiB);

// zstd's own default: near the knee of ratio against speed on tables and text, and quick to give up on
// weights.
inline constexpr int kCompressionLevel = 3;

// Raw bytes of a chunk, the unit that is stored and verified whole. Bounds what a decoder's buffers take.
inline constexpr std::uint32_t kMaxChunk = static_cast<std::uint32_t>(kMiB);

// Bytes of a parent that a chunk may be encoded against: the chunk's own place in another version and as much around
// it. Fixed by the format, for a decoder needs the same bytes.
inline constexpr std::uint32_t kMaxParent = static_cast<std::uint32_t>(2 * kMiB);

}  // namespace assay
