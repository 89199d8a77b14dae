// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/chunk_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/chunk_sample.h"

namespace assay {
namespace {

constexpr std::size_t kSampledElements = 8192;
// A parent makes reading slower and keeps another chunk alive, so it has to earn that: 3 %.
constexpr std::size_t kParentPercent = 97;

}  // namespace

ChunkEncoder::ChunkEncoder(const Cpu& cpu)
    : cpu_(cpu),
      planes_(cpu),
      difference_(cpu),
      stored_(std::make_unique_for_overwrite<std::byte[]>(kMaxChunk)),
      decoded_(std::make_unique_for_overwrite<std::byte[]>(kMaxChunk)) {}

EncodedChunk ChunkEncoder::encode(std::span<const std::byte> raw, Element element,
                                  std::span<const std::byte> parent) {
  if (raw.size() > kMaxChunk || parent.size() > kMaxParent)
    throw Error(Code::internal,
                fmt::format("a chunk of {} bytes with a parent of {} bytes is too large to encode",
                            raw.size(), parent.size()));
  if (raw.size() <= 1) return {ChunkCodec::raw, raw};
  return is_float(element) ? encode_floats(raw, element, parent) : encode_bytes(raw, parent);
}

EncodedChunk ChunkEncoder::encode_bytes(std::span<const std::byte> raw, std::span<const std::byte> parent) {
  const std::span to(stored_.get(), raw.size() - 1);
  if (!parent.empty()) {
    if (const auto size = zstd_.encode_after(parent, raw, to))
      return {ChunkCodec::zstd_prefix, to.first(*size)};
  } else if (!looks_random(raw)) {
    if (const auto size = zstd_.encode(raw, to)) return {ChunkCodec::zstd, to.first(*size)};
  }
  return {ChunkCodec::raw, raw};
}

EncodedChunk ChunkEncoder::encode_floats(std::span<const std::byte> raw, Element element,
                                         std::span<const std::byte> parent) {
  const std::span to(stored_.get(), raw.size() - 1);
  // What repeats is not what planes and differences are for.
  if (looks_repetitive(raw)) return encode_bytes(raw, {});
  if (parent.size() == raw.size()) {
    const ChunkSample sample(raw, width(element), kSampledElements, decoded_.get());
    const ChunkSample parent_sample(parent, width(element), kSampledElements,
                                    decoded_.get() + sample.bytes().size());
    const std::size_t against = difference_.estimate(sample.bytes(), element, parent_sample.bytes());
    const std::size_t alone = estimate_planes(cpu_, sample.bytes(), element, stored_.get());
    if (against * 100 < alone * kParentPercent) {
      const auto size = difference_.encode(zstd_, raw, element, parent, to);
      if (size && verified(to.first(*size), parent, raw)) return {ChunkCodec::difference, to.first(*size)};
    }
  }
  if (const auto size = planes_.encode(zstd_, raw, element, to)) return {ChunkCodec::planes, to.first(*size)};
  return {ChunkCodec::raw, raw};
}

// The codec with the most arithmetic of our own is believed only when it gives the bytes back.
bool ChunkEncoder::verified(std::span<const std::byte> stored, std::span<const std::byte> parent,
                            std::span<const std::byte> raw) {
  const std::span decoded(decoded_.get(), raw.size());
  try {
    difference_.decode(zstd_decoder_, stored, parent, decoded);
  } catch (const Error&) {
    return false;
  }
  return std::memcmp(decoded.data(), raw.data(), raw.size()) == 0;
}

ChunkDecoder::ChunkDecoder(const Cpu& cpu) : planes_(cpu), difference_(cpu) {}

void ChunkDecoder::decode(std::uint32_t codec, std::span<const std::byte> stored,
                          std::span<const std::byte> parent, std::span<std::byte> raw) {
  if (raw.size() > kMaxChunk || parent.size() > kMaxParent)
    throw Error(Code::corrupt, fmt::format("a chunk of {} bytes with a parent of {} bytes is larger than any",
                                           raw.size(), parent.size()));
  if (codec > static_cast<std::uint32_t>(ChunkCodec::difference))
    throw Error(
        Code::unsupported,
        fmt::format("chunk codec {} is not known to this version of assay; a newer one may read it", codec));
  switch (static_cast<ChunkCodec>(codec)) {
    case ChunkCodec::raw:
      if (stored.size() != raw.size())
        throw Error(Code::corrupt, "a raw chunk has another length than it declares");
      std::copy(stored.begin(), stored.end(), raw.begin());
      return;
    case ChunkCodec::zstd:
      return zstd_.decode(stored, {}, raw);
    case ChunkCodec::zstd_prefix:
      return zstd_.decode(stored, parent, raw);
    case ChunkCodec::planes:
      return planes_.decode(zstd_, stored, raw);
    case ChunkCodec::difference:
      return difference_.decode(zstd_, stored, parent, raw);
  }
}

}  // namespace assay
