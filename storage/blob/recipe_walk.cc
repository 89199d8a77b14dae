// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/recipe_walk.h"

#include "storage/base/error.h"

namespace assay {

RecipeWalk::RecipeWalk(ChunkSource& source, Recipe recipe, std::uint64_t offset)
    : source_(source), recipe_(std::move(recipe)) {
  while (page_ < recipe_.pages.size() && offset_ + recipe_.pages[page_].size <= offset)
    offset_ += recipe_.pages[page_++].size;
  if (page_ == recipe_.pages.size()) return;
  load_page();
  while (offset_ + chunks_[chunk_].length <= offset) offset_ += chunks_[chunk_++].length;
}

std::optional<Piece> RecipeWalk::next() {
  if (chunk_ == chunks_.size()) {
    if (page_ == recipe_.pages.size()) return std::nullopt;
    load_page();
  }
  const Piece piece{chunks_[chunk_++], offset_};
  offset_ += piece.chunk.length;
  return piece;
}

void RecipeWalk::load_page() {
  const RecipePage& page = recipe_.pages[page_++];
  chunks_ = source_.page(page.id);
  chunk_ = 0;
  std::uint64_t size = 0;
  for (const ChunkInfo& chunk : chunks_) size += chunk.length;
  if (size != page.size || chunks_.size() != page.chunks)
    throw Error(Code::corrupt, "a page of its recipe is not the one that its description says");
}

}  // namespace assay
