// SPDX-License-Identifier: Apache-2.0
// Searches (registry/domain/search.h) over the live versions of the catalogue.
#pragma once

#include "registry/catalog/database.h"
#include "registry/domain/found_version.h"
#include "registry/domain/page.h"
#include "registry/domain/readable_spaces.h"
#include "registry/domain/search.h"

namespace assay {

// So many versions are looked at one by one, whatever else is asked of them, within some 20 ms.
inline constexpr std::int64_t kMaxGathered = 5000;

// The versions in `readable` that match, as ordered; what is equal, and everything when no order is given, by when it was
// published here, newest first. Versions that lack what is ordered by come last, whatever the direction. Metrics are
// those of evaluations that count in the version's namespace; plugin and settings those of runs that count in a readable
// one. Throws invalid_argument for a cursor that is not of a list in this order.
//
// Quick, whatever the catalogue's size, is a search of which one required condition is met by at most `max_gathered`
// versions, and one whose matches lie dense in the order: by publication, created_at or a metric.
Page<FoundVersion> search_versions(Snapshot& snapshot, const Search& search, const ReadableSpaces& readable,
                                   const PageRequest& page, std::int64_t max_gathered = kMaxGathered);

}  // namespace assay
