// SPDX-License-Identifier: Apache-2.0
// Makes the record of one new chunk: tries the ways to store it and keeps the smallest.
#pragma once

#include <vector>

#include "storage/blob/parents.h"
#include "storage/blob/store_parts.h"

namespace assay {

struct NewChunk {
  Digest digest;
  Element element;
  std::vector<std::byte> raw;
  std::vector<Parents::Choice> choices;
};

// `parents` may be null when there are no choices, and learns what each of them took. Any thread.
RecordBatch encode_chunk(StoreParts& parts, const NewChunk& chunk, Parents* parents);

}  // namespace assay
