// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/difference_codec.h"

#include <fmt/format.h>

#include <numeric>

#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/entropy_estimate.h"
#include "storage/blob/section.h"
#include "storage/blob/token_packing.h"

namespace assay {
namespace {

[[noreturn]] void corrupt() {
  throw Error(Code::corrupt, "a chunk's differences are malformed");
}

// A context for each exponent that is frequent enough to pay for its own histogram, its rarer neighbours
// together.
DifferenceContexts choose_contexts(const KeyCounts& counts) {
  const std::size_t total = std::accumulate(counts.begin(), counts.end(), std::size_t{0});
  for (std::size_t share = 40;; share = share * 3 / 4) {
    DifferenceContexts contexts;
    std::size_t gathered = 0;
    bool fits = true;
    for (std::size_t key = 0; key < counts.size(); ++key) {
      if (gathered * share > total && counts[key] > 0) {
        fits = contexts.count < kMaxContexts;
        if (!fits) break;
        contexts.bounds[contexts.count++ - 1] = static_cast<std::uint8_t>(key);
        gathered = 0;
      }
      gathered += counts[key];
    }
    if (fits) return contexts;
  }
}

// Counted in strips: which contexts there are need not be exact, and counting every key takes as long as
// splitting.
KeyCounts sample_keys(Element element, std::span<const std::byte> parent, std::size_t count) {
  constexpr std::size_t kStrip = 512;
  constexpr std::size_t kStrips = 32;
  if (count <= kStrip * kStrips) return count_keys(element, parent.data(), count);
  KeyCounts counts{};
  const std::size_t stride = (count - kStrip) / (kStrips - 1);
  for (std::size_t s = 0; s < kStrips; ++s) {
    const KeyCounts strip = count_keys(element, parent.data() + s * stride * width(element), kStrip);
    for (std::size_t key = 0; key < counts.size(); ++key) counts[key] += strip[key];
  }
  return counts;
}

void put_contexts(SectionWriter& writer, const DifferenceContexts& contexts) {
  writer.put_byte(static_cast<std::uint8_t>(contexts.count));
  for (std::size_t k = 0; k + 1 < contexts.count; ++k) writer.put_byte(contexts.bounds[k]);
}

DifferenceContexts take_contexts(SectionReader& reader) {
  DifferenceContexts contexts;
  contexts.count = reader.take_byte();
  if (contexts.count < 1 || contexts.count > kMaxContexts) corrupt();
  for (std::size_t k = 0; k + 1 < contexts.count; ++k) {
    contexts.bounds[k] = reader.take_byte();
    if (contexts.bounds[k] <= (k == 0 ? 0 : contexts.bounds[k - 1])) corrupt();
  }
  return contexts;
}

std::span<const std::byte> content(const DifferenceStream& stream) {
  return {stream.bytes.get(), stream.size};
}

std::span<const std::byte> bit_content(const DifferenceStream& stream) {
  return {stream.bytes.get(), (stream.size + 7) / 8};
}

}  // namespace

DifferenceCodec::DifferenceCodec(const Cpu& cpu)
    : cpu_(cpu),
      packed_(std::make_unique_for_overwrite<std::byte[]>(token_capacity())),
      others_(std::make_unique_for_overwrite<std::byte[]>(token_capacity())) {}

std::optional<std::size_t> DifferenceCodec::encode(ZstdEncoder& zstd, std::span<const std::byte> raw,
                                                   Element element, std::span<const std::byte> parent,
                                                   std::span<std::byte> to) {
  const std::size_t count = raw.size() / width(element);
  const auto contexts = choose_contexts(sample_keys(element, parent, count));
  streams_.clear();
  split_difference(cpu_, element, contexts, raw.data(), parent.data(), count, streams_);
  SectionWriter writer(zstd, to);
  writer.put_byte(static_cast<std::uint8_t>(element));
  put_contexts(writer, contexts);
  for (std::size_t k = 0; k < contexts.count; ++k)
    put_tokens(writer, content(streams_.tokens[k]), {packed_.get(), token_capacity()},
               {others_.get(), token_capacity()});
  for (std::size_t i = 0; i + 1 < width(element); ++i) writer.put_section(content(streams_.extra_bytes[i]));
  for (const DifferenceStream& stream : streams_.extra_bits) writer.put_section(bit_content(stream));
  writer.put_raw(raw.subspan(count * width(element)));
  if (!writer.fits()) return std::nullopt;
  return writer.written().size();
}

std::size_t DifferenceCodec::estimate(std::span<const std::byte> raw, Element element,
                                      std::span<const std::byte> parent) {
  const std::size_t count = raw.size() / width(element);
  const auto contexts = choose_contexts(sample_keys(element, parent, count));
  streams_.clear();
  split_difference(cpu_, element, contexts, raw.data(), parent.data(), count, streams_);
  double bits = 0;
  for (std::size_t k = 0; k < contexts.count; ++k)
    bits += entropy_bits(count_bytes(content(streams_.tokens[k])));
  for (const DifferenceStream& stream : streams_.extra_bytes)
    bits += entropy_bits(count_bytes(content(stream)));
  for (const DifferenceStream& stream : streams_.extra_bits) bits += static_cast<double>(stream.size);
  return static_cast<std::size_t>(bits / 8);
}

void DifferenceCodec::decode(ZstdDecoder& zstd, std::span<const std::byte> stored,
                             std::span<const std::byte> parent, std::span<std::byte> raw) {
  SectionReader reader(zstd, stored);
  const auto element = static_cast<Element>(reader.take_byte());
  if (!is_float(element))
    throw Error(Code::unsupported,
                fmt::format("element type {} in differences is not known to this version of assay",
                            static_cast<unsigned>(element)));
  if (parent.size() != raw.size()) throw Error(Code::corrupt, "a chunk and its parent differ in length");
  const std::size_t count = raw.size() / width(element);
  const auto contexts = take_contexts(reader);
  streams_.clear();
  for (std::size_t k = 0; k < contexts.count; ++k) {
    DifferenceStream& stream = streams_.tokens[k];
    stream.size = take_tokens(reader, {stream.bytes.get(), token_capacity()},
                              {packed_.get(), token_capacity()}, {others_.get(), token_capacity()});
  }
  for (std::size_t i = 0; i + 1 < width(element); ++i) {
    DifferenceStream& stream = streams_.extra_bytes[i];
    stream.size = reader.take_section({stream.bytes.get(), extra_byte_capacity(i)});
  }
  for (DifferenceStream& stream : streams_.extra_bits)
    stream.size = 8 * reader.take_section({stream.bytes.get(), extra_bit_capacity()});
  reader.take_raw(raw.subspan(count * width(element)));
  reader.finish();
  if (!join_difference(cpu_, element, contexts, streams_, parent.data(), count, raw.data())) corrupt();
  for (const DifferenceStream& stream : streams_.tokens)
    if (stream.position != stream.size) corrupt();
  for (const DifferenceStream& stream : streams_.extra_bytes)
    if (stream.position != stream.size) corrupt();
  for (const DifferenceStream& stream : streams_.extra_bits)
    if ((stream.position + 7) / 8 * 8 != stream.size) corrupt();
}

}  // namespace assay
