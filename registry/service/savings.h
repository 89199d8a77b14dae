// SPDX-License-Identifier: Apache-2.0
// What storing takes and why it takes no more: in all and per artifact.
#pragma once

#include <optional>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/domain/artifact.h"
#include "registry/service/services.h"

namespace assay {

inline constexpr int kMaxSavingsRows = 100;  // each is a walk over all chunks of an artifact

// Bytes; `raw` is the sum of the others.
struct SpaceUse {
  std::int64_t versions = 0;
  std::uint64_t raw = 0;     // each live version's files in full
  std::uint64_t stored = 0;  // by the chunks that they need, each once
  std::uint64_t by_dedup = 0;
  std::uint64_t by_delta = 0;
  std::uint64_t by_compression = 0;
};

struct ArtifactSpaceUse {
  Kind kind;
  Name name;
  SpaceUse use;
};

struct SavingsReport {
  SpaceUse total;  // what artifacts share counts once, so it takes less than they do alone
  std::vector<ArtifactSpaceUse> artifacts;
};

// {"total":USE,"artifacts":[{"kind","namespace","name",…USE}]} with USE
// {"versions","raw_bytes","stored_bytes", "saved_by_dedup","saved_by_delta","saved_by_compression"}
void to_json(nlohmann::json& json, const SavingsReport& report);

// Over what the caller may read; needs `read` somewhere. The largest artifacts first, at most `limit`. Throws
// unavailable when the store keeps no such figures.
SavingsReport savings(const Services& services, const Principal& caller, int limit);
// One artifact alone. Throws not_found.
SavingsReport savings_of(const Services& services, const Principal& caller, Kind kind, const Name& name);

}  // namespace assay
