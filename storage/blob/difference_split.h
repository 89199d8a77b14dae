// SPDX-License-Identifier: Apache-2.0
// The arithmetic of `difference`: elements and their parents into streams of tokens and of bits, and back. No
// entropy coding. CODECS.md, "difference".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "storage/base/cpu.h"
#include "storage/blob/element.h"

namespace assay {

inline constexpr std::size_t kMaxContexts = 16;
inline constexpr std::size_t kExtraByteStreams = kMaxElementWidth - 1;
inline constexpr std::size_t kExtraBitStreams = 7;

// Which context a parent's key belongs to: as many as there are bounds at or below it.
struct DifferenceContexts {
  std::size_t count = 1;                            // 1 to kMaxContexts
  std::array<std::uint8_t, kMaxContexts> bounds{};  // count - 1 of them, strictly increasing, none 0
};

// Bytes behind a stream's end that vector code may read and write.
inline constexpr std::size_t kStreamRoom = 1024;

// A stream in a buffer with room behind its end.
struct DifferenceStream {
  std::unique_ptr<std::byte[]> bytes;
  std::size_t size = 0;      // in bytes, or in bits for a stream of bits
  std::size_t position = 0;  // of a reader, in the same unit
};

// Every stream of a chunk of at most kMaxChunk bytes. Memory is touched only as far as it is used.
struct DifferenceStreams {
  DifferenceStreams();
  void clear();

  std::array<DifferenceStream, kMaxContexts> tokens;
  std::array<DifferenceStream, kExtraByteStreams> extra_bytes;
  std::array<DifferenceStream, kExtraBitStreams> extra_bits;
};

// The most bytes that a stream can hold.
std::size_t token_capacity();
std::size_t extra_byte_capacity(std::size_t stream);
std::size_t extra_bit_capacity();  // in bytes

using KeyCounts = std::array<std::uint32_t, 256>;

// How often each key occurs among `count` elements of a parent.
KeyCounts count_keys(Element element, const std::byte* parent, std::size_t count);

// Appends `count` elements to the streams. Every Cpu gives the same streams.
void split_difference(const Cpu& cpu, Element element, const DifferenceContexts& contexts,
                      const std::byte* raw, const std::byte* parent, std::size_t count,
                      DifferenceStreams& streams);

// Makes `count` elements from the streams, from each one's position. False when a stream ends too early or
// holds a token that no element has; `raw` is then undefined. Every Cpu gives the same answer.
bool join_difference(const Cpu& cpu, Element element, const DifferenceContexts& contexts,
                     DifferenceStreams& streams, const std::byte* parent, std::size_t count, std::byte* raw);

}  // namespace assay
