// SPDX-License-Identifier: Apache-2.0
#include "registry/service/apply_frames.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "storage/base/error.h"

namespace assay {
namespace {

// About what the connection holds ready: larger pieces would only wait.
constexpr std::size_t kPiece = 256 * 1024;

Error cut_short() {
  return Error(Code::invalid_argument, "The body ends within a frame: send whole ones");
}

class FrameReader {
 public:
  explicit FrameReader(const ByteSource& body) : body_(body), buffer_(kPiece) {}

  // The next frame; nothing when the body ends before it.
  std::optional<UploadFrame> next() {
    if (unread_.empty() && !fill()) return std::nullopt;
    const std::size_t size = frame_head_size(unread_[0]);
    while (unread_.size() < size)
      if (!fill()) throw cut_short();
    const UploadFrame frame = parse_frame_head(unread_.first(size));
    unread_ = unread_.subspan(size);
    return frame;
  }

  // Some of the next `wanted` bytes of a data frame.
  std::span<const std::byte> take(std::uint64_t wanted) {
    if (unread_.empty() && !fill()) throw cut_short();
    const auto bytes = unread_.first(std::min<std::uint64_t>(wanted, unread_.size()));
    unread_ = unread_.subspan(bytes.size());
    return bytes;
  }

 private:
  // Adds to what is unread, which is less than a head; false at the end of the body.
  bool fill() {
    std::copy(unread_.begin(), unread_.end(), buffer_.begin());
    const std::size_t got = body_(std::span(buffer_).subspan(unread_.size()));
    unread_ = std::span(buffer_).first(unread_.size() + got);
    return got > 0;
  }

  const ByteSource& body_;
  std::vector<std::byte> buffer_;
  std::span<const std::byte> unread_;
};

void write_data(const FrameTarget& target, FrameReader& reader, const UploadFrame& frame) {
  for (std::uint64_t left = frame.length; left > 0;) {
    const auto bytes = reader.take(left);
    target.write(bytes);
    left -= bytes.size();
  }
}

void write_copy(const FrameTarget& target, std::vector<std::byte>& buffer, const UploadFrame& frame) {
  if (frame.parent >= target.parents.size())
    throw Error(Code::invalid_argument, fmt::format("A copy frame names parent {}; the upload has {}",
                                                    frame.parent, target.parents.size()));
  const auto source = target.blobs.open(target.parents[frame.parent], {frame.offset, frame.length});
  if (source->size() != frame.length)
    throw Error(Code::invalid_argument,
                fmt::format("A copy frame reaches past the end of its parent: {} bytes from {} of {}",
                            frame.length, frame.offset, source->blob().size));
  buffer.resize(kPiece);
  for (std::uint64_t done = 0; done < frame.length;) {
    const std::size_t got = source->read(buffer);
    if (got == 0) throw Error(Code::corrupt, "A parent of the upload ended before its size");
    target.write(std::span(buffer).first(got));
    done += got;
  }
}

}  // namespace

std::uint64_t apply_frames(const FrameTarget& target, const ByteSource& body) {
  FrameReader reader(body);
  std::vector<std::byte> copied;
  std::uint64_t done = 0;
  while (const auto frame = reader.next()) {
    if (frame->length > target.left - done)
      throw Error(Code::invalid_argument,
                  fmt::format("A frame of {} bytes comes where {} are left of the promised size",
                              frame->length, target.left - done));
    if (frame->kind == UploadFrame::Kind::data)
      write_data(target, reader, *frame);
    else
      write_copy(target, copied, *frame);
    done += frame->length;
  }
  return done;
}

}  // namespace assay
