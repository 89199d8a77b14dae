// SPDX-License-Identifier: Apache-2.0
// What a few thousand elements say about a chunk, in a few microseconds. Nothing here is part of the format.
#pragma once

#include <cstddef>
#include <span>

#include "storage/base/cpu.h"
#include "storage/blob/element.h"

namespace assay {

// Strips of a chunk, evenly spread, one after the other. Of two chunks of one length it takes the same
// places.
class ChunkSample {
 public:
  // At most `elements` of `width` bytes, copied to `to`, which must hold them and outlive this.
  ChunkSample(std::span<const std::byte> chunk, std::size_t width, std::size_t elements, std::byte* to);

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::span<const std::byte> bytes_;
};

// Whether bytes are spread so evenly that compressing them would be in vain.
bool looks_random(std::span<const std::byte> bytes);
// Whether floats come again so often that looking for repetitions is better than coding each by its
// frequency.
bool looks_repetitive(std::span<const std::byte> bytes);
// About how many bytes the codec `planes` would make of the floats of a sample: the entropy of their planes.
// `room` is as long as the sample.
std::size_t estimate_planes(const Cpu& cpu, std::span<const std::byte> sample, Element element,
                            std::byte* room);

}  // namespace assay
