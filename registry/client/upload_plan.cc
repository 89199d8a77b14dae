// SPDX-License-Identifier: Apache-2.0
#include "registry/client/upload_plan.h"

#include <algorithm>

#include "storage/blob/chunk_stream.h"

namespace assay::client {
namespace {

std::uint64_t frame_limit(const Segment& segment) {
  return segment.travels ? kMaxFrameData : kMaxFrameCopy;
}

std::uint64_t wire_size(const Segment& segment, std::uint64_t length) {
  const auto kind = segment.travels ? UploadFrame::Kind::data : UploadFrame::Kind::copy;
  const std::uint64_t frames = (length + frame_limit(segment) - 1) / frame_limit(segment);
  return frames * frame_head_size(static_cast<std::byte>(kind)) + (segment.travels ? length : 0);
}

}  // namespace

Error changed_meanwhile(const LocalFile& file) {
  return Error(Code::corrupt, file.path.string() +
                                  " changed while it was being uploaded: nothing was stored; push it again");
}

Segments plan_upload(const LocalFile& file, const ParentChunks& parents) {
  if (parents.empty()) return {{.length = file.size}};
  SegmentPlanner planner(parents);
  ChunkLister lister([&](const ChunkInfo& chunk) { planner.add({chunk.digest, chunk.length}); });
  const std::uint64_t size =
      FileReader(file.path).read_all([&](std::span<const std::byte> bytes) { lister.write(bytes); });
  if (lister.finish() != file.digest || size != file.size) throw changed_meanwhile(file);
  return planner.take();
}

UploadBody::UploadBody(const Segments& plan, const FileReader& file, std::uint64_t offset)
    : plan_(plan), file_(file), offset_(offset) {
  std::uint64_t at = 0;
  for (const Segment& segment : plan) {
    const std::uint64_t end = at + segment.length;
    if (end <= offset) {
      ++segment_;
    } else {
      const std::uint64_t begin = std::max(at, offset);
      if (at < offset) within_ = begin - at;
      size_ += wire_size(segment, end - begin);
    }
    at = end;
  }
}

// Copies are done as soon as their head is sent; nothing of the file is read for them.
bool UploadBody::next_frame() {
  if (segment_ == plan_.size()) return false;
  const Segment& segment = plan_[segment_];
  const std::uint64_t length = std::min(segment.length - within_, frame_limit(segment));
  if (segment.travels) {
    append_frame_head(head_, {.kind = UploadFrame::Kind::data, .length = length});
    data_left_ = length;
  } else {
    append_frame_head(head_, {.kind = UploadFrame::Kind::copy,
                              .length = length,
                              .parent = segment.parent,
                              .offset = segment.source + within_});
    offset_ += length;
  }
  within_ += length;
  if (within_ == segment.length) {
    ++segment_;
    within_ = 0;
  }
  return true;
}

std::size_t UploadBody::read(std::span<char> out) {
  std::size_t done = 0;
  while (done < out.size()) {
    if (head_.empty() && data_left_ == 0 && !next_frame()) break;
    if (!head_.empty()) {
      const std::size_t n = std::min(head_.size(), out.size() - done);
      std::copy_n(head_.data(), n, out.data() + done);
      head_.erase(0, n);
      done += n;
      continue;
    }
    const auto room = out.subspan(done, std::min<std::uint64_t>(out.size() - done, data_left_));
    const std::size_t got = file_.read(offset_, std::as_writable_bytes(room));
    done += got;
    offset_ += got;
    data_left_ -= got;
    if (got < room.size()) {
      file_ended_early_ = true;
      return 0;
    }
  }
  return done;
}

}  // namespace assay::client
