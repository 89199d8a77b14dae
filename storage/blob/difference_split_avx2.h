// SPDX-License-Identifier: Apache-2.0
// difference_split of elements of two bytes, 64 at a time with AVX2. Only for difference_split, where
// Cpu::avx2.
#pragma once

#include <cstddef>

#include "storage/blob/difference_split.h"

namespace assay {

// Both return how many elements, from the first, are done: none of a type or on a machine that they do not
// know. The rest, fewer than 64 unless something is wrong with the streams, is left with the streams
// positioned for it.
std::size_t split_difference_avx2(Element element, const DifferenceContexts& contexts, const std::byte* raw,
                                  const std::byte* parent, std::size_t count, DifferenceStreams& streams);
std::size_t join_difference_avx2(Element element, const DifferenceContexts& contexts,
                                 DifferenceStreams& streams, const std::byte* parent, std::size_t count,
                                 std::byte* raw);

}  // namespace assay
