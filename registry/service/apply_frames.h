// SPDX-License-Identifier: Apache-2.0
// Turns the frames of a request into the bytes that they stand for: new ones as they came, others read from
// stored blobs.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "registry/service/upload_sessions.h"

namespace assay {

struct FrameTarget {
  const BlobStore& blobs;
  const std::vector<Digest>& parents;  // all of them may be read by the caller
  std::uint64_t left;                  // how many bytes may come
  std::function<void(std::span<const std::byte>)> write;
};

// Writes what the frames of `body` say, in order and in pieces, and returns how many bytes that were. Throws
// invalid_argument for a frame that is malformed, cut short, names no parent, or reaches past the end of its
// parent or past `left`; what stood before such a frame has been written, and of a data frame that is cut
// short what was there of it.
std::uint64_t apply_frames(const FrameTarget& target, const ByteSource& body);

}  // namespace assay
