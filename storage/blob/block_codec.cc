// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/block_codec.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/base/little_endian.h"

namespace assay {

void BlockEncoder::Free::operator()(ZSTD_CCtx_s* context) const {
  ZSTD_freeCCtx(context);
}
void BlockDecoder::Free::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

BlockEncoder::BlockEncoder() : context_(ZSTD_createCCtx()), buffer_(kBlockSize) {
  if (!context_ ||
      ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kCompressionLevel)))
    throw Error(Code::unavailable, "There is not enough memory to compress a blob");
}
BlockEncoder::~BlockEncoder() = default;

EncodedBlock BlockEncoder::encode(std::span<const std::byte> raw) {
  if (raw.empty()) return {BlockCodec::raw, raw};
  // A destination one byte short of the block makes zstd give up as soon as it cannot shrink it.
  const std::size_t size = ZSTD_compress2(context_.get(), buffer_.data(),
                                          std::min(buffer_.size(), raw.size() - 1), raw.data(), raw.size());
  if (ZSTD_isError(size)) return {BlockCodec::raw, raw};
  return {BlockCodec::zstd, std::span(buffer_).first(size)};
}

BlockDecoder::BlockDecoder() : context_(ZSTD_createDCtx()) {
  if (!context_) throw Error(Code::unavailable, "There is not enough memory to read a blob");
}
BlockDecoder::~BlockDecoder() = default;

void BlockDecoder::decode(std::uint32_t codec, std::span<const std::byte> stored, std::span<std::byte> raw) {
  if (codec == static_cast<std::uint32_t>(BlockCodec::raw)) {
    if (stored.size() != raw.size())
      throw Error(Code::corrupt, "a raw block has another length than it declares");
    if (!raw.empty()) std::memcpy(raw.data(), stored.data(), raw.size());
    return;
  }
  if (codec != static_cast<std::uint32_t>(BlockCodec::zstd))
    throw Error(Code::unsupported,
                fmt::format("block codec {} is not known to this version of assay", codec));
  // One whole frame and nothing behind it: the decoder would otherwise go on into further, skippable or
  // legacy frames.
  if (stored.size() < 4 || get_u32(stored.data()) != ZSTD_MAGICNUMBER ||
      ZSTD_findFrameCompressedSize(stored.data(), stored.size()) != stored.size())
    throw Error(Code::corrupt, "a block is not one zstd frame");
  // The one-shot call decodes straight into `raw`, so a frame that asks for a large window allocates nothing.
  if (ZSTD_decompressDCtx(context_.get(), raw.data(), raw.size(), stored.data(), stored.size()) != raw.size())
    throw Error(Code::corrupt, "a block's zstd frame does not decode to the declared length");
}

}  // namespace assay
