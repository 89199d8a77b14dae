// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/chunk_cache.h"

namespace assay {

ChunkBytes ChunkCache::find(const Digest& chunk) {
  const std::lock_guard lock(mutex_);
  const auto found = chunks_.find(chunk);
  if (found == chunks_.end()) return nullptr;
  order_.splice(order_.begin(), order_, found->second);
  return found->second->second;
}

void ChunkCache::insert(const Digest& chunk, ChunkBytes bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes->size() > limit_ || chunks_.contains(chunk)) return;
  size_ += bytes->size();
  order_.emplace_front(chunk, std::move(bytes));
  chunks_.emplace(chunk, order_.begin());
  while (size_ > limit_) {
    size_ -= order_.back().second->size();
    chunks_.erase(order_.back().first);
    order_.pop_back();
  }
}

}  // namespace assay
