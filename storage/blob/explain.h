// SPDX-License-Identifier: Apache-2.0
// What stored bytes are needed for and what they take: the answers of Maintenance that change nothing.
#pragma once

#include <unordered_set>
#include <vector>

#include "storage/blob/maintenance.h"
#include "storage/blob/store_parts.h"

namespace assay {

// As Maintenance::explain and Maintenance::savings.
Explanation explain(StoreParts& parts, const Digest& digest);
Savings savings(StoreParts& parts, const std::vector<Digest>& blobs);

// The blobs that need any of these chunks or pages, to hold or to decode; those whose description or pages
// cannot be read too when they are included. Ascending, at most `limit`. Reads every recipe of the store.
enum class Unreadable { left_out, included };
std::vector<Digest> blobs_needing(StoreParts& parts, const std::unordered_set<Digest>& records,
                                  Unreadable unreadable, std::size_t limit);

}  // namespace assay
