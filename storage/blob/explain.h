// SPDX-License-Identifier: Apache-2.0
// What stored bytes are needed for and what they take: the answers of Maintenance that change nothing.
#pragma once

#include <vector>

#include "storage/blob/maintenance.h"
#include "storage/blob/store_parts.h"

namespace assay {

// As Maintenance::explain and Maintenance::savings.
Explanation explain(StoreParts& parts, const Digest& digest);
Savings savings(StoreParts& parts, const std::vector<Digest>& blobs);

// The blobs of which something is missing, or known to be damaged without another copy. Ascending, at most
// `limit`. Reads every recipe of the store.
std::vector<Digest> incomplete_blobs(StoreParts& parts, std::size_t limit);

}  // namespace assay
