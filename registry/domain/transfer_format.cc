// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/transfer_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "storage/base/error.h"
#include "storage/base/little_endian.h"

namespace assay {
namespace {

constexpr std::size_t kDataHead = 5;
constexpr std::size_t kCopyHead = 18;

UploadFrame checked(const UploadFrame& frame, std::uint64_t limit, const char* name) {
  if (frame.length == 0 || frame.length > limit)
    throw Error(Code::invalid_argument, fmt::format("A {} frame says {} bytes where 1 to {} may be: split it",
                                                    name, frame.length, limit));
  return frame;
}

}  // namespace

std::size_t frame_head_size(std::byte kind) {
  switch (static_cast<UploadFrame::Kind>(kind)) {
    case UploadFrame::Kind::data:
      return kDataHead;
    case UploadFrame::Kind::copy:
      return kCopyHead;
  }
  throw Error(Code::invalid_argument,
              fmt::format("A frame begins with the byte {}: there are data frames (1) and copy frames (2)",
                          std::to_integer<unsigned>(kind)));
}

UploadFrame parse_frame_head(std::span<const std::byte> head) {
  if (head.empty() || head.size() != frame_head_size(head[0]))
    throw Error(Code::invalid_argument, "A frame's head is not whole");
  if (static_cast<UploadFrame::Kind>(head[0]) == UploadFrame::Kind::data)
    return checked({.kind = UploadFrame::Kind::data, .length = get_u32(&head[1])}, kMaxFrameData, "data");
  return checked({.kind = UploadFrame::Kind::copy,
                  .length = get_u64(&head[10]),
                  .parent = std::to_integer<std::uint8_t>(head[1]),
                  .offset = get_u64(&head[2])},
                 kMaxFrameCopy, "copy");
}

void append_frame_head(std::string& out, const UploadFrame& frame) {
  std::array<std::byte, kMaxFrameHead> head{};
  head[0] = static_cast<std::byte>(frame.kind);
  if (frame.kind == UploadFrame::Kind::data) {
    put_u32(&head[1], static_cast<std::uint32_t>(frame.length));
  } else {
    head[1] = static_cast<std::byte>(frame.parent);
    put_u64(&head[2], frame.offset);
    put_u64(&head[10], frame.length);
  }
  out.append(reinterpret_cast<const char*>(head.data()), frame_head_size(head[0]));
}

ChunkRowBytes chunk_row_bytes(const ChunkRow& row) {
  ChunkRowBytes out;
  std::ranges::copy(std::as_bytes(std::span(row.digest.bytes())), out.begin());
  put_u32(&out[Digest::kSize], row.length);
  return out;
}

ChunkRow parse_chunk_row(std::span<const std::byte, kChunkRowSize> bytes) {
  Digest::Bytes digest;
  std::ranges::copy(bytes.first(Digest::kSize), std::as_writable_bytes(std::span(digest)).begin());
  return {Digest(digest), get_u32(&bytes[Digest::kSize])};
}

}  // namespace assay
