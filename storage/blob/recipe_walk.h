// SPDX-License-Identifier: Apache-2.0
// Goes through a blob's chunks in order from any offset on, a page at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/blob/chunk_source.h"

namespace assay {

struct Piece {
  ChunkInfo chunk;
  std::uint64_t offset;  // of its first byte in the blob
};

// One thread at a time. Memory: one page.
class RecipeWalk {
 public:
  // `offset` is at most the recipe's size. `source` outlives the walk. Throws as ChunkSource::page, here and
  // below.
  RecipeWalk(ChunkSource& source, Recipe recipe, std::uint64_t offset);

  // The next chunk, from the one that holds the offset on; none after the last.
  std::optional<Piece> next();

 private:
  void load_page();

  ChunkSource& source_;
  const Recipe recipe_;
  std::size_t page_ = 0;           // the next to load
  std::vector<ChunkInfo> chunks_;  // of the present one
  std::size_t chunk_ = 0;          // the next in it
  std::uint64_t offset_ = 0;       // of that chunk
};

}  // namespace assay
