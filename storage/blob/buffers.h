// SPDX-License-Identifier: Apache-2.0
// Buffers of about a chunk, used again and again: fresh memory for every chunk costs more than filling it.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace assay {

// Any thread may call any method at any time.
class Buffers {
 public:
  // At most so many are kept.
  explicit Buffers(std::size_t kept) : kept_(kept) {}

  // An empty buffer, perhaps with capacity.
  std::vector<std::byte> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return {};
    std::vector<std::byte> buffer = std::move(idle_.back());
    idle_.pop_back();
    return buffer;
  }

  void give_back(std::vector<std::byte> buffer) {
    buffer.clear();
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kept_ && buffer.capacity() > 0) idle_.push_back(std::move(buffer));
  }

 private:
  const std::size_t kept_;
  std::mutex mutex_;
  std::vector<std::vector<std::byte>> idle_;
};

}  // namespace assay
