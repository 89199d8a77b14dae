// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/difference_split_avx512.h"

namespace assay {

std::size_t split_difference_avx512(Element, const DifferenceContexts&, const std::byte*, const std::byte*,
                                    std::size_t, DifferenceStreams&) {
  return 0;
}

std::size_t join_difference_avx512(Element, const DifferenceContexts&, DifferenceStreams&, const std::byte*,
                                   std::size_t, std::byte*) {
  return 0;
}

}  // namespace assay
