// SPDX-License-Identifier: Apache-2.0
// How much each namespace holds and may hold. What counts is the size of each live version's files in full,
// as if nothing were deduplicated: what others store never changes what somebody has used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/artifact.h"
#include "registry/domain/readable_spaces.h"

namespace assay {

struct Quota {
  Namespace space;
  std::optional<std::uint64_t> limit;  // bytes; none: as much as the disk takes
  std::uint64_t used = 0;              // bytes
  std::int64_t versions = 0;           // live ones
};

// In constant time, unlike what is used.
bool has_quota(Snapshot& snapshot, const Namespace& space);
// With nothing used and no limit when there is no such namespace.
Quota find_quota(Snapshot& snapshot, const Namespace& space);
// Every namespace that holds something or has a limit, by name.
std::vector<Quota> list_quotas(Snapshot& snapshot, const ReadableSpaces& spaces);
// None takes the limit away.
void put_quota(Transaction& transaction, const Namespace& space, std::optional<std::uint64_t> limit,
               const std::string& by, Time at);

struct ArtifactUsage {
  std::int64_t artifact_id;  // the catalogue's own key
  Kind kind;
  Name name;
  std::int64_t versions;
  std::uint64_t bytes;
};

// The largest first, at most `limit`.
std::vector<ArtifactUsage> largest_artifacts(Snapshot& snapshot, const ReadableSpaces& spaces, int limit);
std::optional<ArtifactUsage> find_usage(Snapshot& snapshot, Kind kind, const Name& name);

}  // namespace assay
