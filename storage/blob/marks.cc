// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/marks.h"

#include "storage/base/error.h"
#include "storage/base/limits.h"

namespace assay {

bool Marks::add(const Digest& blob) {
  if (!blobs_.insert(blob).second) return true;
  bool whole = true;
  const auto attempt = [&](const auto& step) {
    try {
      step();
    } catch (const Error& error) {
      if (error.code() != Code::corrupt) throw;
      whole = false;
    }
  };
  Recipe recipe;
  attempt([&] { recipe = source_.recipe(blob); });
  // A page that cannot be read hides what it lists, and nothing of the other pages.
  for (const RecipePage& page : recipe.pages) attempt([&] { add_page(page.id); });
  return whole;
}

void Marks::add_page(const Digest& page) {
  if (!pages_.insert(page).second) return;
  for (const ChunkInfo& chunk : source_.page(page)) add_chunk(chunk.digest, true, 0);
}

void Marks::add_chunk(const Digest& chunk, bool is_part, unsigned depth) {
  const auto [known, is_new] = chunks_.try_emplace(chunk, is_part);
  known->second = known->second || is_part;
  if (!is_new || depth > kMaxDepth) return;
  auto found = index_.find(RecordKind::chunk, chunk);
  // Its pack may be put back, or the reading have failed only once: then what it is decoded with must be there.
  if (!found) found = index_.find_damaged(RecordKind::chunk, chunk);
  if (!found) return;
  for (const Digest& base : found->bases) add_chunk(base, false, depth + 1);
}

void Marks::for_each_chunk(const std::function<void(const Digest& chunk, bool is_part)>& visit) const {
  for (const auto& [chunk, is_part] : chunks_) visit(chunk, is_part);
}

}  // namespace assay
