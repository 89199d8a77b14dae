// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/plane_codec.h"

#include <fmt/format.h>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/plane_split.h"
#include "storage/blob/section.h"

namespace assay {

namespace {

// Large buffers all begin at the same place of a page, and a plane is copied to a few bytes behind where it would be in its
// own: `rep movsb`, which copies much at once, is 15 times slower then on AMD's Zen. Half a page apart it never is.
constexpr std::size_t kApart = 2048;

}  // namespace

PlaneCodec::PlaneCodec(const Cpu& cpu)
    : cpu_(cpu),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(kApart + kMaxChunk)),
      planes_(buffer_.get() + kApart) {}

std::optional<std::size_t> PlaneCodec::encode(ZstdEncoder& zstd, std::span<const std::byte> raw,
                                              Element element, std::span<std::byte> to) {
  const std::size_t count = raw.size() / width(element);
  split_planes(cpu_, width(element), raw.data(), count, planes_);
  SectionWriter writer(zstd, to);
  writer.put_byte(static_cast<std::uint8_t>(element));
  for (std::size_t p = 0; p < width(element); ++p) writer.put_section({planes_ + p * count, count});
  writer.put_raw(raw.subspan(count * width(element)));
  if (!writer.fits()) return std::nullopt;
  return writer.written().size();
}

void PlaneCodec::decode(ZstdDecoder& zstd, std::span<const std::byte> stored, std::span<std::byte> raw) {
  SectionReader reader(zstd, stored);
  const auto element = static_cast<Element>(reader.take_byte());
  if (!is_float(element))
    throw Error(Code::unsupported,
                fmt::format("element type {} in byte planes is not known to this version of assay",
                            static_cast<unsigned>(element)));
  const std::size_t count = raw.size() / width(element);
  for (std::size_t p = 0; p < width(element); ++p)
    reader.take_whole_section({planes_ + p * count, count});
  reader.take_raw(raw.subspan(count * width(element)));
  reader.finish();
  join_planes(cpu_, width(element), planes_, count, raw.data());
}

}  // namespace assay
