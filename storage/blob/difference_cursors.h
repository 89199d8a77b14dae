// SPDX-License-Identifier: Apache-2.0
// Where vector code is in the streams of `difference`. Only for difference_split_avx512 and _avx2.
#pragma once

#include "storage/blob/difference_split.h"

namespace assay {

// Where a reader is in each stream, apart from the streams themselves: it may have gone too far.
struct Cursors {
  std::size_t tokens[kMaxContexts];
  std::size_t extra_bytes[kExtraByteStreams];
  std::size_t extra_bits[kExtraBitStreams];

  explicit Cursors(const DifferenceStreams& streams) {
    for (std::size_t i = 0; i < kMaxContexts; ++i) tokens[i] = streams.tokens[i].position;
    for (std::size_t i = 0; i < kExtraByteStreams; ++i) extra_bytes[i] = streams.extra_bytes[i].position;
    for (std::size_t i = 0; i < kExtraBitStreams; ++i) extra_bits[i] = streams.extra_bits[i].position;
  }
  bool within(const DifferenceStreams& streams) const {
    bool good = true;
    for (std::size_t i = 0; i < kMaxContexts; ++i) good &= tokens[i] <= streams.tokens[i].size;
    for (std::size_t i = 0; i < kExtraByteStreams; ++i) good &= extra_bytes[i] <= streams.extra_bytes[i].size;
    for (std::size_t i = 0; i < kExtraBitStreams; ++i) good &= extra_bits[i] <= streams.extra_bits[i].size;
    return good;
  }
  void advance(DifferenceStreams& streams) const {
    for (std::size_t i = 0; i < kMaxContexts; ++i) streams.tokens[i].position = tokens[i];
    for (std::size_t i = 0; i < kExtraByteStreams; ++i) streams.extra_bytes[i].position = extra_bytes[i];
    for (std::size_t i = 0; i < kExtraBitStreams; ++i) streams.extra_bits[i].position = extra_bits[i];
  }
};

}  // namespace assay
