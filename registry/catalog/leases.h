// SPDX-License-Identifier: Apache-2.0
// Who holds which stage: a log that only grows; its last row counts, until its time has passed.
#pragma once

#include <optional>

#include "registry/catalog/database.h"
#include "registry/domain/lease.h"
#include "registry/domain/name.h"
#include "registry/domain/stage.h"

namespace assay {

// None when nobody holds the stage at `now`.
std::optional<Lease> find_lease(Snapshot& snapshot, const Name& model, const StageName& stage, Time now);
// One that ends at `at` gives the stage back. Throws not_found when there is no such model.
void append_lease(Transaction& transaction, const Name& model, const StageName& stage, const Lease& lease, Time at);

}  // namespace assay
