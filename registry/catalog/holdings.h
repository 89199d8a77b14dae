// SPDX-License-Identifier: Apache-2.0
// How much the catalogue holds, for whoever watches it grow. Nothing here reads every version.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/artifact.h"

namespace assay {

struct Holding {
  Kind kind;
  std::int64_t artifacts = 0;
  std::int64_t versions = 0;  // live ones
  std::uint64_t bytes = 0;    // of their files, each version in full
};
// Reads a row an artifact: some 3 ms for ten thousand of them, however many versions they have.
std::vector<Holding> holdings(Snapshot& snapshot);

// The number of the last one, which is how many there are; one entry of an index.
std::int64_t newest_audit(Snapshot& snapshot);
std::int64_t newest_decision(Snapshot& snapshot);
// How many decisions after the one numbered `after` had each verdict; reads those only.
std::map<std::string, std::int64_t> decisions_after(Snapshot& snapshot, std::int64_t after);

struct DueDeliveries {
  std::int64_t count = 0;
  std::optional<Time> oldest;  // when the oldest event happened that is to be told; none: there are only tests
};
// Reads those that are due: one a webhook, and what was asked for again.
DueDeliveries due_deliveries(Snapshot& snapshot);

}  // namespace assay
