// SPDX-License-Identifier: Apache-2.0
// Floats apart into byte planes and back. An element is first rotated left by one bit, which moves the sign
// to the bottom and gives the exponent the top byte (of f16 and f64: what fits of it). CODECS.md, "planes".
#pragma once

#include <cstddef>

#include "storage/base/cpu.h"

namespace assay {

// `planes` and `elements` hold `count` elements of `width` bytes (2, 4 or 8) each; plane p, the p-th least
// significant bytes, begins at planes + p * count. The two do not overlap. Every Cpu gives the same bytes.
void split_planes(const Cpu& cpu, std::size_t width, const std::byte* elements, std::size_t count,
                  std::byte* planes);
void join_planes(const Cpu& cpu, std::size_t width, const std::byte* planes, std::size_t count,
                 std::byte* elements);

}  // namespace assay
