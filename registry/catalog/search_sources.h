// SPDX-License-Identifier: Apache-2.0
// Which index finds the versions that a search may match, when few do. For search.cc only.
#pragma once

#include <cstdint>
#include <optional>

#include "registry/catalog/fragment.h"
#include "registry/domain/readable_spaces.h"
#include "registry/domain/search.h"

namespace assay {

struct NarrowSource {
  Fragment ids;  // a SELECT of versions.id that holds every version that meets the search's condition
  const SearchExpression* proven = nullptr;  // the part of the outermost AND, if any, that they all are known to meet
};

// Out of at most `max_entries` of an index; none when no index narrows it down so far. Points into `search`.
std::optional<NarrowSource> narrow_source(Snapshot& snapshot, const Search& search, const ReadableSpaces& readable,
                                          std::int64_t max_entries);

// What holds of every match: the parts of the outermost AND; and those of them that are conditions.
std::vector<const SearchExpression*> required(const Search& search);
std::vector<const SearchCondition*> required_conditions(const Search& search);

}  // namespace assay
