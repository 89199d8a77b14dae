// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/pack_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "storage/base/error.h"
#include "storage/base/limits.h"

namespace assay {

Error about_blob(const Digest& digest, const Error& error) {
  if (error.code() == Code::corrupt)
    return Error(
        Code::corrupt,
        fmt::format(
            "Blob {} is damaged on disk: {}. Run assay scrub to see what else is; push the file again "
            "with --resend, or restore it from a backup.",
            digest.text(), error.message()));
  if (error.code() == Code::unsupported)
    return Error(Code::unsupported, fmt::format("Blob {} cannot be read: {}. Use a newer assay.",
                                                digest.text(), error.message()));
  return Error(error.code(), fmt::format("Reading blob {}: {}", digest.text(), error.message()));
}

PackReader::PackReader(StoreParts& parts, const BlobInfo& blob, std::unique_ptr<BlobLease> lease,
                       const ByteRange& range)
    : parts_(parts), blob_(blob), lease_(std::move(lease)), position_(range.offset) {
  if (range.offset > blob.size)
    throw Error(Code::invalid_argument, fmt::format("Blob {} has {} bytes, so no range of it starts at {}",
                                                    blob.digest.short_text(), blob.size, range.offset));
  size_ = std::min(range.length, blob.size - range.offset);
  end_ = range.offset + size_;
  try {
    walk_.emplace(parts.source, parts.source.recipe(blob.digest), range.offset);
  } catch (const Error& error) {
    throw about_blob(blob.digest, error);
  }
}

PackReader::~PackReader() {
  for (const Ahead& ahead : ahead_) ahead.job->cancel();
}

// For who takes little at a time, or is to cost little memory: between calls the chunk is the cache's alone.
std::size_t PackReader::read_cached(std::span<std::byte> out) {
  if (!here_) here_ = walk_->next();
  if (!here_) throw Error(Code::corrupt, "its recipe ends too early");
  const std::uint64_t skip = position_ - here_->offset;
  const std::size_t count = std::min<std::uint64_t>({out.size(), here_->chunk.length - skip, end_ - position_});
  const ChunkBytes bytes = parts_.source.read_shared(here_->chunk.digest, here_->chunk.length);
  std::memcpy(out.data(), bytes->data() + skip, count);
  position_ += count;
  if (skip + count == here_->chunk.length) here_.reset();
  return count;
}

// Keeps some chunks ahead of the reader; the first is decoded by the reader itself if nobody has begun it.
void PackReader::read_ahead() {
  if (here_) decode_later(*std::exchange(here_, std::nullopt));
  while (!walked_ && ahead_.size() < kReadAhead) {
    const auto piece = walk_->next();
    walked_ = !piece || piece->offset >= end_;
    if (!walked_) decode_later(*piece);
  }
}

void PackReader::decode_later(const Piece& piece) {
  const bool whole = piece.offset >= position_ && piece.offset + piece.chunk.length <= end_;
  Ahead ahead{piece, whole, nullptr, std::make_shared<ChunkBytes>()};
  ahead.job =
      std::make_shared<Job>([&source = parts_.source, chunk = piece.chunk, whole, bytes = ahead.bytes] {
        if (!whole || (*bytes = source.find_cached(chunk.digest))) {
          if (!*bytes) *bytes = source.read_shared(chunk.digest, chunk.length);
          return;
        }
        auto raw = source.buffer(chunk.length);
        source.read(chunk.digest, *raw);
        *bytes = std::move(raw);
      });
  if (!ahead_.empty()) parts_.workers.post(ahead.job);
  ahead_.push_back(std::move(ahead));
}

// Decodes a chunk that nobody has begun while somebody is at the one that is wanted; false when there is
// none.
bool PackReader::help() {
  for (const Ahead& ahead : ahead_)
    if (ahead.job->try_run()) return true;
  return false;
}

std::size_t PackReader::read(std::span<std::byte> out) {
  if (out.empty() || position_ == end_) return 0;
  try {
    if (ahead_.empty() && out.size() < kWorthReadingAhead) return read_cached(out);
    read_ahead();
    if (ahead_.empty()) throw Error(Code::corrupt, "its recipe ends too early");
    Ahead& front = ahead_.front();
    if (front.whole && out.size() >= front.piece.chunk.length && front.job->take_over()) {
      // Nobody has begun it, and the caller has room for all of it: no buffer in between.
      const ChunkInfo chunk = front.piece.chunk;
      parts_.source.read(chunk.digest, out.first(chunk.length));
      position_ += chunk.length;
      ahead_.pop_front();
      return chunk.length;
    }
    while (!front.job->done() && help()) continue;
    front.job->wait();
    const std::uint64_t skip = position_ - front.piece.offset;
    const std::size_t count =
        std::min<std::uint64_t>({out.size(), front.piece.chunk.length - skip, end_ - position_});
    std::memcpy(out.data(), (*front.bytes)->data() + skip, count);
    position_ += count;
    if (skip + count == front.piece.chunk.length) ahead_.pop_front();
    return count;
  } catch (const Error& error) {
    throw about_blob(blob_.digest, error);
  }
}

}  // namespace assay
