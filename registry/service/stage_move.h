// SPDX-License-Identifier: Apache-2.0
// What promote and rollback share: the stage as it is, the revision that the caller expected, and the one way
// in which a decision, the pointer and the audit entry are written together.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "registry/access/principal.h"
#include "registry/catalog/database.h"
#include "registry/domain/decision.h"
#include "registry/domain/name.h"
#include "registry/domain/stage.h"
#include "registry/service/request_key.h"

namespace assay {

// The value of an If-Match header: a revision in quotes; `*` and an absent one ask nothing. Throws
// invalid_argument.
std::optional<std::int64_t> parse_expected_revision(std::optional<std::string_view> if_match);

// The stage; one that does not exist yet is at revision 0.
Stage current_stage(Snapshot& snapshot, const Name& model, const StageName& stage);

// Throws conflict, naming who moved the stage, where to and when, unless it is at `expected` (if given).
void check_revision(const Name& model, const Stage& stage, const std::optional<std::int64_t>& expected);

// When a move that is made now counts as made: never before the last one, whatever the clock did meanwhile,
// so that a stage's history is in order of time.
Time move_time(const Stage& stage, Time now);

// Starts the record of an attempt on `stage`.
void fill_attempt(Decision& decision, const Principal& caller, const Name& model, const Stage& stage);

// What was decided when the request came for the first time.
std::optional<Decision> earlier_decision(Snapshot& snapshot, const Principal& caller, RequestKey* key,
                                         Time now);

// Writes the decision under `id`, and, when it changes the stage, moves the pointer; and the audit entry.
// Throws conflict when the pointer is not at decision.revision_before.
Decision record_attempt(Transaction& transaction, Decision decision, const Principal& caller, const Id& id);

}  // namespace assay
