// SPDX-License-Identifier: Apache-2.0
// The dead lists of a store: FORMAT.md, "Garbage collection", steps 4 and 7.
#pragma once

#include <vector>

#include "storage/blob/store_parts.h"

namespace assay {

// Durable on return: these descriptions stay dead when the store is opened again. Nothing happens without
// rows.
void publish_dead_list(StoreParts& parts, const std::vector<DeadBlob>& rows);

// Leaves one list, with the rows whose pack is still in the index. The removal of the other packs must be
// durable.
void forget_dead_packs(StoreParts& parts);

}  // namespace assay
