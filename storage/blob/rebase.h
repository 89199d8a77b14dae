// SPDX-License-Identifier: Apache-2.0
// Stores chunks anew without a parent that nothing else needs: FORMAT.md, "Garbage collection", step 6.
#pragma once

#include <cstdint>
#include <functional>

#include "storage/blob/marks.h"
#include "storage/blob/store_parts.h"

namespace assay {

// Of the chunks that `marks` says are needed; at most `limit` raw bytes of them. A parent that several chunks
// share stays, unless they take no more without it. How many were stored anew; the parents are dead in the
// next collection. `stop`, which may be empty, is asked between two of them.
std::uint64_t rebase_chunks(StoreParts& parts, const Marks& marks, std::uint64_t limit,
                            const std::function<bool()>& stop);

}  // namespace assay
