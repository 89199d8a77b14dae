// SPDX-License-Identifier: Apache-2.0
#define ZSTD_STATIC_LINKING_ONLY  // for ZSTD_c_literalCompressionMode
#include "storage/blob/zstd_codec.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstdint>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/base/little_endian.h"

namespace assay {
namespace {

// Enough for a chunk and its parent; a decoder refuses more (CODECS.md, "zstd").
constexpr std::uint64_t kMaxWindow = 4 * kMiB;
static_assert(kMaxWindow >= kMaxChunk + kMaxParent);

void set(ZSTD_CCtx* context, ZSTD_cParameter parameter, int value) {
  if (ZSTD_isError(ZSTD_CCtx_setParameter(context, parameter, value)))
    throw Error(Code::internal,
                "zstd refused a compression parameter; is its library older than its header?");
}

std::optional<std::size_t> compress(ZSTD_CCtx* context, std::span<const std::byte> raw,
                                    std::span<std::byte> to) {
  const std::size_t size = ZSTD_compress2(context, to.data(), to.size(), raw.data(), raw.size());
  if (ZSTD_isError(size)) return std::nullopt;
  return size;
}

// RFC 8878, 3.1.1.1: no checksum, no dictionary, a declared content size, and no window beyond kMaxWindow.
bool header_allowed(std::span<const std::byte> frame, std::size_t raw_size) {
  if (frame.size() < 6 || get_u32(frame.data()) != ZSTD_MAGICNUMBER) return false;
  const auto descriptor = static_cast<unsigned>(frame[4]);
  const bool single_segment = (descriptor & 0x20) != 0;
  if ((descriptor & 0x1F) != 0) return false;
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != raw_size) return false;
  if (single_segment) return true;
  const auto window = static_cast<unsigned>(frame[5]);
  const std::uint64_t base = std::uint64_t{1} << (10 + (window >> 3));
  return base + base / 8 * (window & 7) <= kMaxWindow;
}

}  // namespace

void ZstdEncoder::Free::operator()(ZSTD_CCtx_s* context) const {
  ZSTD_freeCCtx(context);
}
void ZstdDecoder::Free::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

ZstdEncoder::Context ZstdEncoder::make() {
  Context context(ZSTD_createCCtx());
  if (!context) throw Error(Code::unavailable, "There is not enough memory to compress a chunk");
  return context;
}

ZstdEncoder::ZstdEncoder() : plain_(make()), after_(make()), literals_(make()) {
  set(plain_.get(), ZSTD_c_compressionLevel, kCompressionLevel);
  set(after_.get(), ZSTD_c_compressionLevel, kCompressionLevel);
  // Places enough for the whole parent; the level's own number would lose half of what there is to find.
  set(after_.get(), ZSTD_c_hashLog, 17);
  // The fast strategy steps over as many bytes as targetLength says, so it finds next to nothing in next to
  // no time; it would then leave literals as they are, unless told.
  set(literals_.get(), ZSTD_c_strategy, ZSTD_fast);
  set(literals_.get(), ZSTD_c_minMatch, 7);
  set(literals_.get(), ZSTD_c_hashLog, ZSTD_HASHLOG_MIN);
  set(literals_.get(), ZSTD_c_targetLength, ZSTD_TARGETLENGTH_MAX);
  set(literals_.get(), ZSTD_c_literalCompressionMode, ZSTD_ps_enable);
}
ZstdEncoder::~ZstdEncoder() = default;

std::optional<std::size_t> ZstdEncoder::encode(std::span<const std::byte> raw, std::span<std::byte> to) {
  return compress(plain_.get(), raw, to);
}

std::optional<std::size_t> ZstdEncoder::encode_after(std::span<const std::byte> parent,
                                                     std::span<const std::byte> raw,
                                                     std::span<std::byte> to) {
  // A call whose result did not fit is still under way.
  ZSTD_CCtx_reset(after_.get(), ZSTD_reset_session_only);
  // zstd chooses its window by the level alone, which may not reach back to the parent's front.
  set(after_.get(), ZSTD_c_windowLog,
      static_cast<int>(
          std::max<std::size_t>(ZSTD_WINDOWLOG_MIN, std::bit_width(parent.size() + raw.size()))));
  if (ZSTD_isError(ZSTD_CCtx_refPrefix(after_.get(), parent.data(), parent.size()))) return std::nullopt;
  return compress(after_.get(), raw, to);
}

std::optional<std::size_t> ZstdEncoder::encode_literals(std::span<const std::byte> raw,
                                                        std::span<std::byte> to) {
  return compress(literals_.get(), raw, to);
}

ZstdDecoder::ZstdDecoder() : context_(ZSTD_createDCtx()) {
  if (!context_) throw Error(Code::unavailable, "There is not enough memory to read a chunk");
}
ZstdDecoder::~ZstdDecoder() = default;

void ZstdDecoder::decode(std::span<const std::byte> stored, std::span<const std::byte> parent,
                         std::span<std::byte> raw) {
  // One whole frame and nothing behind it: zstd would otherwise go on into further, skippable or legacy
  // frames.
  if (!header_allowed(stored, raw.size()) ||
      ZSTD_findFrameCompressedSize(stored.data(), stored.size()) != stored.size())
    throw Error(Code::corrupt, "a chunk is not one zstd frame of the declared length");
  // A one-shot call decodes straight into `raw`, so nothing is allocated for the window. It uses up the
  // prefix.
  if (ZSTD_isError(ZSTD_DCtx_refPrefix(context_.get(), parent.data(), parent.size())))
    throw Error(Code::internal, "zstd refused a parent");
  const std::size_t size =
      ZSTD_decompressDCtx(context_.get(), raw.data(), raw.size(), stored.data(), stored.size());
  if (size != raw.size())
    throw Error(Code::corrupt, "a chunk's zstd frame does not decode to the declared length");
}

}  // namespace assay
