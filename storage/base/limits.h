// SPDX-License-Identifier: Apache-2.0
// The store's limits, each with its reason. Those marked "format" are part of FORMAT.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "storage/base/byte_size.h"

namespace assay {

// Format: one blob. Bounded so that arithmetic on sizes never overflows; disks are smaller.
inline constexpr std::uint64_t kMaxBlobSize = kTiB;

// Format: raw bytes of a chunk, the unit that is stored and verified whole: what a decoder may be made to
// write.
inline constexpr std::uint32_t kMaxChunk = static_cast<std::uint32_t>(kMiB);

// Format: raw bytes of a tensor's block: what a ranged read of a tensor decodes at least (about a third of a
// millisecond), and enough for an entropy coder's tables to be small beside it.
inline constexpr std::uint32_t kTensorBlockSize = 256 * 1024;

// Format: the head of a safetensors file, which is held while it is cut; 100 000 tensors need about 10 MiB.
inline constexpr std::size_t kMaxTensorHead = 16 * kMiB;

// Format: chunks that one chunk may be stored against: a chunk of text and its parent's neighbourhood.
inline constexpr std::size_t kMaxBases = 8;
// Format: raw bytes of those together: the chunk's own place in another version and as much around it.
inline constexpr std::uint32_t kMaxParent = static_cast<std::uint32_t>(2 * kMiB);
// Format: how long a chain of such chunks may be. Each step costs a read as much as the chunk itself.
inline constexpr unsigned kMaxDepth = 4;

// Format: chunks that a page of a recipe lists: a ranged read of a huge blob reads one page of 144 KiB.
inline constexpr std::size_t kPageChunks = 4096;
// Format: pages of one recipe; its root is then at most 4 MiB. 1 TiB of chunks of 16 KiB has 16 384 pages.
inline constexpr std::size_t kMaxPages = 95'000;

// A pack is closed when it has grown to this: large enough to be read at the disk's speed, small enough to be
// rewritten when most of it is garbage.
inline constexpr std::uint64_t kPackSize = 256 * kMiB;
// Uploads that take less than this once encoded share a pack, and a sync of it, with others.
inline constexpr std::size_t kSharedUpload = 4 * kMiB;
// The shared pack is closed when it has grown to this: what recovery after a crash may have to copy.
inline constexpr std::uint64_t kSharedPackSize = 64 * kMiB;

// Of an upload: chunks that wait for being encoded or written, so that hashing and encoding overlap.
inline constexpr std::size_t kUploadWindow = 32;
// Of a reader: chunks decoded ahead.
inline constexpr std::size_t kReadAhead = 16;
// A reader that takes less than this at a time has nothing decoded ahead, and keeps nothing in between.
inline constexpr std::size_t kWorthReadingAhead = 128 * kKiB;
// Decoded chunks kept for ranged reads and as parents.
inline constexpr std::size_t kChunkCacheSize = 32 * kMiB;
// Chunks of a parent that an upload looks at: a parent of 128 GiB of tensors. Beyond, it has no parent.
inline constexpr std::size_t kMaxParentChunks = 256 * 1024;
// Parents that an upload tries.
inline constexpr std::size_t kMaxParents = 4;

// zstd's level for chunks: on tables cut into 64 KiB and looked at without the rest of the file, level 3 is a third slower
// and no smaller.
inline constexpr int kCompressionLevel = 1;

}  // namespace assay
