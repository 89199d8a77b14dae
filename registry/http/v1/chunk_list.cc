// SPDX-License-Identifier: Apache-2.0
#include "registry/http/v1/chunk_list.h"

#include <algorithm>

#include "registry/domain/transfer_format.h"

namespace assay::http::v1 {
namespace {

struct WindowFull {};  // ends a walk early

}  // namespace

ChunkList::ChunkList(const BlobStore& blobs, const Digest& digest, std::size_t window)
    : blobs_(blobs), digest_(digest), window_rows_(std::max<std::size_t>(window / kChunkRowSize, 1)) {
  blobs_.for_each_chunk(digest_, [&](const ChunkInfo&) { size_ += kChunkRowSize; });
}

void ChunkList::fill() {
  window_.clear();
  taken_ = 0;
  std::uint64_t row = 0;
  try {
    blobs_.for_each_chunk(digest_, [&](const ChunkInfo& chunk) {
      if (row++ < next_row_) return;
      if (window_.size() == window_rows_ * kChunkRowSize) throw WindowFull();
      const ChunkRowBytes bytes = chunk_row_bytes({chunk.digest, chunk.length});
      window_.insert(window_.end(), bytes.begin(), bytes.end());
    });
  } catch (const WindowFull&) {
  }
  next_row_ += window_.size() / kChunkRowSize;
}

std::size_t ChunkList::read(std::span<std::byte> out) {
  if (taken_ == window_.size()) fill();
  const std::size_t count = std::min(out.size(), window_.size() - taken_);
  std::copy_n(window_.begin() + static_cast<std::ptrdiff_t>(taken_), count, out.begin());
  taken_ += count;
  return count;
}

}  // namespace assay::http::v1
