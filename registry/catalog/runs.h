// SPDX-License-Identifier: Apache-2.0
// Runs in the catalogue: inserted when they start, completed once, never altered afterwards.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/name.h"
#include "registry/domain/page.h"
#include "registry/domain/readable_spaces.h"
#include "registry/domain/run.h"

namespace assay {

// `author` is the id of the token that started it, `spaces` the keys of the namespaces whose readers may see
// it.
void insert_run(Transaction& transaction, const Run& run, const Id& author,
                const std::vector<std::string>& spaces);
// Throws conflict when the run has ended already, not_found when there is none.
void finish_run(Transaction& transaction, const Id& id, const RunOutcome& outcome, Time at);

// None too when its namespaces are not in `readable`.
std::optional<Run> find_run(Snapshot& snapshot, const Id& id, const ReadableSpaces& readable);
std::optional<Id> run_author(Snapshot& snapshot, const Id& id);

// Newest first; with `model` those that used or made one of its versions. Throws invalid_argument for a bad
// cursor.
Page<Run> list_runs(Snapshot& snapshot, const std::optional<Name>& model, const ReadableSpaces& readable,
                    const PageRequest& page);
// Those that had the digest as an input; newest first, at most `limit`.
std::vector<Run> runs_using(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& readable,
                            int limit);

}  // namespace assay
