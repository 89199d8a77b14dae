// SPDX-License-Identifier: Apache-2.0
// Gets the bytes of chunks, pages and recipes out of the packs: found, read, decoded and verified.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "storage/base/limits.h"
#include "storage/blob/buffers.h"
#include "storage/blob/chunk_cache.h"
#include "storage/blob/pack_index.h"

namespace assay {

// Any thread may call any method at any time. Throws corrupt when no sound copy is left, unavailable when the
// disk failed, with a bare clause for the caller to put in a sentence.
class ChunkSource {
 public:
  explicit ChunkSource(PackIndex& index);
  ~ChunkSource();

  // Fills `raw`, of exactly the chunk's length. A copy that turns out to be damaged is marked so and another
  // one tried.
  void read(const Digest& chunk, std::span<std::byte> raw);
  // The same through the cache.
  ChunkBytes read_shared(const Digest& chunk, std::size_t length);
  // The bytes of a chunk that something is stored against, or will be. They match their sums; they are not
  // compared with their digest, because the digest of what is stored against them vouches for both.
  ChunkBytes read_base(const Digest& chunk, std::size_t length) { return base_at_depth(chunk, length, 1); }
  // As `read_shared` when the chunk is cached, else null.
  ChunkBytes find_cached(const Digest& chunk) { return verified_.find(chunk); }
  // What the store knows of a blob, and one page of its chunks; verified.
  Recipe recipe(const Digest& blob);
  std::vector<ChunkInfo> page(const Digest& page);
  // A buffer for a chunk, used again when nobody holds it.
  std::shared_ptr<std::vector<std::byte>> buffer(std::size_t length) { return buffers_.share(length); }
  // Decodes exactly this copy; for checking and for moving it.
  void decode(const Found& found, std::span<std::byte> raw);

 private:
  struct Scratch;
  class Borrowed;

  std::string why_missing(RecordKind kind, const Digest& id) const;
  template <typename Use>
  auto with_sound_copy(RecordKind kind, const Digest& id, Use use);
  void decode_unverified(const Found& found, Sums sums, std::span<const std::byte> parent,
                         std::span<std::byte> raw);
  std::vector<ChunkBytes> read_bases(const Found& found, unsigned depth);
  std::vector<ChunkBytes> read_verified_bases(const Found& found);
  ChunkBytes base_at_depth(const Digest& chunk, std::size_t length, unsigned depth);

  PackIndex& index_;
  ChunkCache verified_;
  ChunkCache bases_;  // not compared with their digests
  Buffers buffers_{kReadAhead};
  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<Scratch>> idle_;
};

}  // namespace assay
