// SPDX-License-Identifier: Apache-2.0
// Searching over versions. The grammar is registry/docs/search.md.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "registry/access/principal.h"
#include "registry/domain/found_version.h"
#include "registry/domain/page.h"
#include "registry/service/services.h"

namespace assay {

// What one search may take of a reader that others wait for: a hundred times what an indexed one takes.
inline constexpr std::chrono::milliseconds kMaxSearchTime{2'000};

struct SearchRequest {
  std::string query{};  // as parse_search reads it
  std::string order{};  // as parse_search_order does; the query then has none of its own
  std::optional<Kind> kind{};
};

// Those that the caller may read. Throws denied when that is none at all, as parse_search does, deadline after
// kMaxSearchTime.
Page<FoundVersion> search(const Services& services, const Principal& caller, const SearchRequest& request,
                          const PageRequest& page);

}  // namespace assay
