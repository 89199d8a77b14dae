// SPDX-License-Identifier: Apache-2.0
// Decoded, verified chunks that were read lately: for ranged reads of one neighbourhood, and for parents.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "storage/base/digest.h"

namespace assay {

using ChunkBytes = std::shared_ptr<const std::vector<std::byte>>;

// Any thread may call any method at any time.
class ChunkCache {
 public:
  // Keeps at most so many bytes; the least recently used go first.
  explicit ChunkCache(std::size_t limit) : limit_(limit) {}

  ChunkBytes find(const Digest& chunk);  // null when it is not here
  void insert(const Digest& chunk, ChunkBytes bytes);

 private:
  using Order = std::list<std::pair<Digest, ChunkBytes>>;

  const std::size_t limit_;
  std::mutex mutex_;
  std::size_t size_ = 0;
  Order order_;  // the latest first
  std::unordered_map<Digest, Order::iterator> chunks_;
};

}  // namespace assay
