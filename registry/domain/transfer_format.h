// SPDX-License-Identifier: Apache-2.0
// What travels when a file is sent as a patch: frames of an upload, and the rows of a blob's chunk list. Both
// ends write and read them here and nowhere else. openapi.yaml describes them for others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "storage/base/byte_size.h"
#include "storage/base/digest.h"

namespace assay {

// Bytes in one data frame: few heads, and little to send again.
inline constexpr std::uint64_t kMaxFrameData = kMiB;
// Bytes copied for one frame. The server looks at the connection between frames: it must not work long for a
// caller who is gone.
inline constexpr std::uint64_t kMaxFrameCopy = 64 * kMiB;
// Blobs that one upload may resemble. More would not make it smaller, and each is held while it lasts.
inline constexpr std::size_t kMaxUploadParents = 8;

struct UploadFrame {
  // Numbers of the wire.
  enum class Kind : std::uint8_t {
    data = 1,  // u8 kind, u32 length; that many bytes follow
    copy = 2,  // u8 kind, u8 parent, u64 offset, u64 length; the server takes them from that parent
  };
  Kind kind;
  std::uint64_t length;      // 1 to the kind's limit
  std::uint8_t parent = 0;   // which of the upload's parents
  std::uint64_t offset = 0;  // in the parent

  bool operator==(const UploadFrame&) const = default;
};

inline constexpr std::size_t kMaxFrameHead = 18;

// How long the head of a frame is that begins with `kind`. Throws invalid_argument for a byte that no frame
// begins with.
std::size_t frame_head_size(std::byte kind);
// From a whole head. Throws invalid_argument for a length of none or beyond the limit.
UploadFrame parse_frame_head(std::span<const std::byte> head);
void append_frame_head(std::string& out, const UploadFrame& frame);

// One row of a chunk list: 32 bytes of SHA-256, then u32 length.
struct ChunkRow {
  Digest digest;
  std::uint32_t length;

  bool operator==(const ChunkRow&) const = default;
};
inline constexpr std::size_t kChunkRowSize = 36;
using ChunkRowBytes = std::array<std::byte, kChunkRowSize>;

ChunkRowBytes chunk_row_bytes(const ChunkRow& row);
ChunkRow parse_chunk_row(std::span<const std::byte, kChunkRowSize> bytes);

}  // namespace assay
