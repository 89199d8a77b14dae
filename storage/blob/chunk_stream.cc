// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/chunk_stream.h"

#include <algorithm>
#include <utility>

namespace assay {

// Cuts `bytes` where they lie as long as nothing is held; what does not suffice for a chunk is held, and then
// just enough of what follows is added to it.
void ChunkStream::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::span<const std::byte> held = std::span(held_).subspan(taken_);
    const std::span<const std::byte> ahead = held.empty() ? bytes : held;
    const std::size_t needed = cutter_.needed(ahead);
    if (ahead.size() >= needed) {
      const std::size_t length = emit(ahead);
      if (held.empty())
        bytes = bytes.subspan(length);
      else
        drop(length);
      continue;
    }
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    held_.reserve(needed);
    const std::size_t more = std::min(bytes.size(), needed - held_.size());
    held_.insert(held_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(more));
    bytes = bytes.subspan(more);
  }
}

Digest ChunkStream::finish() {
  while (taken_ < held_.size()) drop(emit(std::span(held_).subspan(taken_)));
  return hash_.finish();
}

// Of what is held, `length` bytes are done with; they may have gone with their buffer.
void ChunkStream::drop(std::size_t length) {
  taken_ += length;
  if (taken_ < held_.size()) return;
  held_.clear();
  taken_ = 0;
}

std::size_t ChunkStream::emit(std::span<const std::byte> ahead) {
  const Cut cut = cutter_.next(ahead);
  visited_ = ahead.first(cut.length);
  holds_one_ = visited_.data() == held_.data() && visited_.size() == held_.size();
  visit_(cut, visited_);
  holds_one_ = false;
  return cut.length;
}

Digest ChunkStream::hash_chunk() {
  hash_.update(visited_);
  return hash_.finish_part();
}

void ChunkStream::hash_whole() {
  hash_.update_whole(visited_);
}

std::optional<std::vector<std::byte>> ChunkStream::exchange_buffer(std::vector<std::byte>& other) {
  if (!holds_one_) return std::nullopt;
  holds_one_ = false;
  return std::exchange(held_, std::move(other));
}

}  // namespace assay
