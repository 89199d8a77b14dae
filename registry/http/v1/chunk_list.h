// SPDX-License-Identifier: Apache-2.0
// The chunk list of a blob as the body of an answer. A window of it is in memory at a time, found by walking
// the list anew: a list may be far larger than what one answer should hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "registry/http/limits.h"
#include "registry/http/message.h"
#include "storage/blob/blob_store.h"

namespace assay::http::v1 {

class ChunkList final : public BodySource {
 public:
  // Borrows the store. Counts the chunks; throws as BlobStore::for_each_chunk does. `window` bytes of rows,
  // at least one, are in memory at a time.
  ChunkList(const BlobStore& blobs, const Digest& digest, std::size_t window = kChunkListBytes);

  std::uint64_t size() const { return size_; }  // of the whole body
  std::size_t read(std::span<std::byte> out) override;

 private:
  void fill();

  const BlobStore& blobs_;
  const Digest digest_;
  const std::size_t window_rows_;
  std::uint64_t size_ = 0;
  std::uint64_t next_row_ = 0;  // the first that comes after the window
  std::vector<std::byte> window_;
  std::size_t taken_ = 0;  // of the window
};

}  // namespace assay::http::v1
