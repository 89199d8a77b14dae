// SPDX-License-Identifier: Apache-2.0
// Which index finds the versions that a search may match, when few do. For search.cc only.
#pragma once

#include <cstdint>
#include <optional>

#include "registry/catalog/fragment.h"
#include "registry/domain/readable_spaces.h"
#include "registry/domain/search.h"

namespace assay {

// A SELECT of ids (versions.id) that holds every version that meets the search's condition, out of at most `max_entries`
// of an index; none when no index narrows it down so far.
std::optional<Fragment> narrow_source(Snapshot& snapshot, const Search& search, const ReadableSpaces& readable,
                                      std::int64_t max_entries);

// The conditions that hold of every match: the parts of the outermost AND.
std::vector<const SearchCondition*> required_conditions(const Search& search);

}  // namespace assay
