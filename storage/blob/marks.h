// SPDX-License-Identifier: Apache-2.0
// What a set of blobs needs: their pages and chunks, and what those chunks are decoded with.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <unordered_set>

#include "storage/blob/chunk_source.h"

namespace assay {

// One thread at a time. Memory: about 100 bytes a chunk, a page and a blob.
class Marks {
 public:
  // `index` and `source` are of one store and outlive this.
  Marks(PackIndex& index, ChunkSource& source) : index_(index), source_(source) {}

  // Marks the blob and all that it needs. Of one whose description or pages cannot be read, what can be
  // found; then the answer is false. Throws unavailable when the disk failed.
  bool add(const Digest& blob);

  bool has_blob(const Digest& blob) const { return blobs_.contains(blob); }
  bool has_page(const Digest& page) const { return pages_.contains(page); }
  // Whether the chunk is needed, and whether a blob is made of it; else it is only decoded with.
  bool has_chunk(const Digest& chunk) const { return chunks_.contains(chunk); }
  bool is_part(const Digest& chunk) const {
    const auto found = chunks_.find(chunk);
    return found != chunks_.end() && found->second;
  }
  const std::unordered_set<Digest>& blobs() const { return blobs_; }
  void for_each_chunk(const std::function<void(const Digest& chunk, bool is_part)>& visit) const;

 private:
  void add_page(const Digest& page);
  void add_chunk(const Digest& chunk, bool is_part, unsigned depth);

  PackIndex& index_;
  ChunkSource& source_;
  std::unordered_set<Digest> blobs_, pages_;
  std::unordered_map<Digest, bool> chunks_;  // to whether a blob is made of it
};

}  // namespace assay
