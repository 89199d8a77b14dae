// SPDX-License-Identifier: Apache-2.0
#include "registry/content/byte_stream.h"

#include <algorithm>

namespace assay {
namespace {

constexpr std::size_t kBuffer = 16 * 1024;

class SpanStream final : public ByteStream {
 public:
  explicit SpanStream(std::span<const std::byte> bytes) : bytes_(bytes) {}
  std::size_t read(std::span<std::byte> out) override {
    const std::size_t count = std::min(out.size(), bytes_.size());
    std::copy_n(bytes_.begin(), count, out.begin());
    bytes_ = bytes_.subspan(count);
    return count;
  }
  bool skip(std::uint64_t count) override {
    const bool there = count <= bytes_.size();
    bytes_ = bytes_.subspan(there ? static_cast<std::size_t>(count) : bytes_.size());
    return there;
  }

 private:
  std::span<const std::byte> bytes_;
};

}  // namespace

std::vector<std::byte> read_range(ByteSource& source, std::uint64_t offset, std::size_t length) {
  std::vector<std::byte> out(static_cast<std::size_t>(
      std::min<std::uint64_t>(length, source.size() - std::min(offset, source.size()))));
  if (out.empty()) return out;
  const auto stream = source.open(offset, out.size());
  std::size_t filled = 0;
  while (const std::size_t more = stream->read(std::span(out).subspan(filled))) filled += more;
  out.resize(filled);
  return out;
}

std::unique_ptr<ByteStream> SpanSource::open(std::uint64_t offset, std::uint64_t length) {
  const auto rest = bytes_.subspan(static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes_.size())));
  return std::make_unique<SpanStream>(
      rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(length, rest.size()))));
}

bool ByteCursor::fill() {
  if (at_ < buffer_.size()) return true;
  if (budget_.left == 0) {
    exhausted_ = true;
    return false;
  }
  buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(kBuffer, budget_.left)));
  buffer_.resize(stream_.read(buffer_));
  budget_.left -= buffer_.size();
  at_ = 0;
  return !buffer_.empty();
}

std::optional<std::uint8_t> ByteCursor::peek() {
  if (!fill()) return std::nullopt;
  return static_cast<std::uint8_t>(buffer_[at_]);
}

std::optional<std::uint8_t> ByteCursor::byte() {
  const auto next = peek();
  if (!next) return std::nullopt;
  ++at_;
  ++position_;
  return next;
}

std::optional<std::uint64_t> ByteCursor::number(int bytes) {
  std::uint64_t out = 0;
  for (int i = 0; i < bytes; ++i) {
    const auto next = byte();
    if (!next) return std::nullopt;
    out |= std::uint64_t{*next} << (8 * i);
  }
  return out;
}

std::optional<std::string> ByteCursor::line(std::size_t keep) {
  std::string out;
  while (fill()) {
    const std::string_view rest(reinterpret_cast<const char*>(buffer_.data()) + at_, buffer_.size() - at_);
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out.append(rest.substr(0, std::min(end, keep - out.size())));
    const std::size_t taken = end < rest.size() ? end + 1 : end;
    at_ += taken;
    position_ += taken;
    if (end < rest.size()) return out;
  }
  return std::nullopt;
}

std::optional<std::string> ByteCursor::text(std::uint64_t length, std::size_t keep) {
  std::string out;
  for (const std::uint64_t kept = std::min<std::uint64_t>(length, keep); out.size() < kept;) {
    const auto next = byte();
    if (!next) return std::nullopt;
    out.push_back(static_cast<char>(*next));
  }
  if (!skip(length - out.size())) return std::nullopt;
  return out;
}

bool ByteCursor::skip(std::uint64_t length) {
  const std::uint64_t buffered = std::min<std::uint64_t>(length, buffer_.size() - at_);
  at_ += static_cast<std::size_t>(buffered);
  position_ += buffered;
  if (buffered == length) return true;
  if (!stream_.skip(length - buffered)) {
    exhausted_ = budget_.left == 0;
    return false;
  }
  position_ += length - buffered;
  return true;
}

}  // namespace assay
