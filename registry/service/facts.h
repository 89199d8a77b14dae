// SPDX-License-Identifier: Apache-2.0
// What a verdict rests on, read from the catalogue: as it is, or as it was at any time, since nothing of it is ever
// changed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/catalog/evidence.h"
#include "registry/domain/name.h"
#include "registry/domain/verdict.h"

namespace assay {

// A version that wants to enter a stage.
struct Candidacy {
  Name model;
  VersionMark candidate;
  std::optional<VersionMark> champion;  // what the stage holds
  std::vector<std::string> authors{};   // who published it and who asks
  std::vector<Id> tokens{};             // of who asks and who approves: their own lease holds them not back
  bool force = false;                   // asked by an admin
};

// The facts at `now`, which a `past` moment may be too. Throws invalid_argument for a freeze in a time zone that the
// machine does not know.
Facts read_facts(Snapshot& snapshot, const Policy& policy, const Candidacy& candidacy, Time now, EvidenceMemo& memo);
Facts read_past_facts(Snapshot& snapshot, const Policy& policy, const Candidacy& candidacy, Time past);

// The one that holds at `now`, of several the one that ends last.
std::optional<Frozen> frozen_at(const std::vector<FreezeWindow>& windows, Time now);

}  // namespace assay
