// SPDX-License-Identifier: Apache-2.0
// How the bytes of one chunk are stored, chosen by a sample of them. CODECS.md says what each codec's bytes
// are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "storage/base/cpu.h"
#include "storage/blob/difference_codec.h"
#include "storage/blob/element.h"
#include "storage/blob/plane_codec.h"
#include "storage/blob/zstd_codec.h"

namespace assay {

// Numbers are in files: never reuse one.
enum class ChunkCodec : std::uint8_t { raw = 0, zstd = 1, zstd_prefix = 2, planes = 3, difference = 4 };

// Whether decoding needs the parent that the chunk was encoded against.
constexpr bool uses_parent(ChunkCodec codec) {
  return codec == ChunkCodec::zstd_prefix || codec == ChunkCodec::difference;
}

struct EncodedChunk {
  ChunkCodec codec;
  std::span<const std::byte> bytes;  // never longer than the chunk; lives until the encoder's next call
};

// One thread at a time. Buffers and contexts are kept from call to call: about 6 MiB once each codec has been
// used.
class ChunkEncoder {
 public:
  explicit ChunkEncoder(const Cpu& cpu = Cpu::here());

  // `raw` has at most kMaxChunk bytes and lives as long as the result, which may be `raw` itself. `parent`
  // has at most kMaxParent bytes, none meaning that there is no parent. Of bytes it is anything that
  // resembles them; of floats the same place of another version, and not looked at unless it is as long as
  // `raw`. A chunk that says it is floats but is not, is stored all the same, only less well.
  EncodedChunk encode(std::span<const std::byte> raw, Element element, std::span<const std::byte> parent);

 private:
  EncodedChunk encode_bytes(std::span<const std::byte> raw, std::span<const std::byte> parent);
  EncodedChunk encode_floats(std::span<const std::byte> raw, Element element,
                             std::span<const std::byte> parent);
  bool verified(std::span<const std::byte> stored, std::span<const std::byte> parent,
                std::span<const std::byte> raw);

  Cpu cpu_;
  ZstdEncoder zstd_;
  ZstdDecoder zstd_decoder_;
  PlaneCodec planes_;
  DifferenceCodec difference_;
  std::unique_ptr<std::byte[]> stored_;   // kMaxChunk bytes
  std::unique_ptr<std::byte[]> decoded_;  // kMaxChunk bytes
};

// One thread at a time.
class ChunkDecoder {
 public:
  explicit ChunkDecoder(const Cpu& cpu = Cpu::here());

  // Fills all of `raw`, at most kMaxChunk bytes, from `stored` and the bytes of the parent that it was
  // encoded against (empty for a codec that uses none). Throws corrupt when `stored` is malformed and
  // unsupported for a codec or parameter that this program does not know. Wrong bytes may also decode to
  // wrong bytes: the caller compares the chunk's digest. Writes nowhere but into `raw`, whatever `stored`
  // says.
  void decode(std::uint32_t codec, std::span<const std::byte> stored, std::span<const std::byte> parent,
              std::span<std::byte> raw);

 private:
  ZstdDecoder zstd_;
  PlaneCodec planes_;
  DifferenceCodec difference_;
};

}  // namespace assay
