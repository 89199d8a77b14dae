// SPDX-License-Identifier: Apache-2.0
// Floats without a parent: byte planes, each coded by its own histogram. CODECS.md, "planes".
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "storage/base/cpu.h"
#include "storage/blob/element.h"
#include "storage/blob/zstd_codec.h"

namespace assay {

// One thread at a time.
class PlaneCodec {
 public:
  explicit PlaneCodec(const Cpu& cpu);

  // The length of what was written to `to`, or nothing when it does not fit. `element` is a float; `raw` has
  // at most kMaxChunk bytes, of any length: what does not fill an element is kept as it is.
  std::optional<std::size_t> encode(ZstdEncoder& zstd, std::span<const std::byte> raw, Element element,
                                    std::span<std::byte> to);
  // Fills all of `raw`; throws corrupt when `stored` is malformed, unsupported for an element it does not
  // know.
  void decode(ZstdDecoder& zstd, std::span<const std::byte> stored, std::span<std::byte> raw);

 private:
  Cpu cpu_;
  std::unique_ptr<std::byte[]> buffer_;
  std::byte* planes_;  // kMaxChunk bytes
};

}  // namespace assay
