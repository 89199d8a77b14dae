// SPDX-License-Identifier: Apache-2.0
#include "registry/content/inflate_stream.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "storage/base/error.h"

namespace assay {
namespace {

class InflateStream final : public ByteStream {
 public:
  InflateStream(std::unique_ptr<ByteStream> packed, Packing packing, ReadBudget& budget)
      : packed_(std::move(packed)), budget_(budget) {
    constexpr int kAnyFrame = MAX_WBITS + 32, kNoFrame = -MAX_WBITS;  // as zlib's manual has them
    if (inflateInit2(&state_, packing == Packing::deflate ? kNoFrame : kAnyFrame) != Z_OK)
      throw Error(Code::internal, "zlib cannot be started");
  }
  ~InflateStream() override { inflateEnd(&state_); }
  InflateStream(const InflateStream&) = delete;
  InflateStream& operator=(const InflateStream&) = delete;

  std::size_t read(std::span<std::byte> out) override {
    if (out.empty()) return 0;  // zlib would call it an error, again and again
    const std::size_t wanted = std::min<std::size_t>(out.size(), std::numeric_limits<uInt>::max());
    state_.next_out = reinterpret_cast<Bytef*>(out.data());
    state_.avail_out = static_cast<uInt>(wanted);
    while (!over_ && state_.avail_out == wanted && (state_.avail_in > 0 || feed())) {
      const int answer = ::inflate(&state_, Z_NO_FLUSH);
      over_ = answer != Z_OK && answer != Z_BUF_ERROR;
    }
    return wanted - state_.avail_out;
  }

  bool skip(std::uint64_t count) override {
    std::array<std::byte, 16 * 1024> waste;
    while (count > 0) {
      const std::uint64_t most = std::min({count, std::uint64_t{waste.size()}, budget_.left});
      const std::size_t got = read(std::span(waste).first(static_cast<std::size_t>(most)));
      if (got == 0) return false;
      budget_.left -= got;
      count -= got;
    }
    return true;
  }

 private:
  bool feed() {
    const std::uint64_t most = std::min<std::uint64_t>(input_.size(), budget_.left);
    const std::size_t got = packed_->read(std::span(input_).first(static_cast<std::size_t>(most)));
    budget_.left -= got;
    state_.next_in = reinterpret_cast<Bytef*>(input_.data());
    state_.avail_in = static_cast<uInt>(got);
    return got > 0;
  }

  std::unique_ptr<ByteStream> packed_;
  ReadBudget& budget_;
  z_stream state_{};
  std::array<std::byte, 16 * 1024> input_;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<ByteStream> inflate(std::unique_ptr<ByteStream> packed, Packing packing, ReadBudget& budget) {
  return std::make_unique<InflateStream>(std::move(packed), packing, budget);
}

}  // namespace assay
