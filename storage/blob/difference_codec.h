// SPDX-License-Identifier: Apache-2.0
// Floats as their distance from the same floats of another version. An update has a size of its own, set by
// the learning rate, so in units of the last place it depends on the weight's exponent, which the decoder has
// from the parent: that exponent is the context. CODECS.md, "difference".
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "storage/base/cpu.h"
#include "storage/blob/difference_split.h"
#include "storage/blob/element.h"
#include "storage/blob/zstd_codec.h"

namespace assay {

// One thread at a time.
class DifferenceCodec {
 public:
  explicit DifferenceCodec(const Cpu& cpu);

  // The length of what was written to `to`, or nothing when it does not fit. `element` is a float; `raw` and
  // `parent` are equally long, at most kMaxChunk bytes: what does not fill an element is kept as it is.
  std::optional<std::size_t> encode(ZstdEncoder& zstd, std::span<const std::byte> raw, Element element,
                                    std::span<const std::byte> parent, std::span<std::byte> to);
  // About how many bytes `encode` would write: its entropy, without encoding. The same conditions.
  std::size_t estimate(std::span<const std::byte> raw, Element element, std::span<const std::byte> parent);
  // Fills all of `raw`, with the parent as it was; throws corrupt when `stored` is malformed, unsupported for
  // an element it does not know.
  void decode(ZstdDecoder& zstd, std::span<const std::byte> stored, std::span<const std::byte> parent,
              std::span<std::byte> raw);

 private:
  Cpu cpu_;
  DifferenceStreams streams_;
  std::unique_ptr<std::byte[]> packed_;  // a context's tokens, put together
  std::unique_ptr<std::byte[]> others_;  // and those that need a byte of their own
};

}  // namespace assay
