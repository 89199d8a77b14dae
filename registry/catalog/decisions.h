// SPDX-License-Identifier: Apache-2.0
// Decisions in the catalogue: appended in the transaction that they record, never altered. They are a stage's
// history.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/decision.h"
#include "registry/domain/name.h"
#include "registry/domain/page.h"
#include "registry/domain/readable_spaces.h"

namespace assay {

// `decision.id` is set. Throws not_found when its model does not exist.
void append_decision(Transaction& transaction, const Decision& decision);

// What it was judged on, in the same transaction: facts_json of registry/domain/bundle.h.
void append_facts(Transaction& transaction, const Id& decision, const nlohmann::json& facts);
// None for a decision that nothing was judged for, as a rollback.
std::optional<nlohmann::json> find_facts(Snapshot& snapshot, const Id& decision);

std::optional<Decision> find_decision(Snapshot& snapshot, const Id& id);
// Every attempt on a stage, newest first. Throws invalid_argument for a cursor that is not of this list.
Page<Decision> list_decisions(Snapshot& snapshot, const Name& model, const StageName& stage,
                              const PageRequest& page);
// Those of all models that wait for approval and whose stage has not moved since, newest first, where the caller may read;
// at most `limit`.
std::vector<Decision> waiting_decisions(Snapshot& snapshot, const ReadableSpaces& readable, int limit);
// The one that had moved the stage last at `time`; none when it pointed nowhere yet.
std::optional<Decision> last_move_at(Snapshot& snapshot, const Name& model, const StageName& stage,
                                     Time time);
// What the stage would fall back to: the version below the current one in the pile that promotions add to and
// rollbacks take from, so that rolling back twice never returns to what was rolled back. None when there is
// no other.
std::optional<VersionNumber> last_good(Snapshot& snapshot, const Name& model, const StageName& stage);
// Whether the stage ever pointed to that version.
bool once_admitted(Snapshot& snapshot, const Name& model, const StageName& stage, VersionNumber number);

}  // namespace assay
