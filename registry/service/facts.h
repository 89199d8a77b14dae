// SPDX-License-Identifier: Apache-2.0
// What a verdict rests on, read from the catalogue: as it is, or as it was at any time, since nothing of it is ever
// changed.
#pragma once

#include <optional>

#include "registry/catalog/database.h"
#include "registry/domain/name.h"
#include "registry/domain/verdict.h"

namespace assay {

// The facts about `candidate` of `model` wanting to replace `champion`.
Facts read_facts(Snapshot& snapshot, const Policy& policy, const Name& model, const VersionMark& candidate,
                 const std::optional<VersionMark>& champion, const std::optional<Time>& as_of = {});

}  // namespace assay
