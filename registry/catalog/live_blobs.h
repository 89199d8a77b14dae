// SPDX-License-Identifier: Apache-2.0
// Every blob that the catalogue relies on, piece by piece: what garbage collection must leave alone. Each
// piece is a short read of its own; what is published in between holds a lease until it is in the catalogue.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/readable_spaces.h"

namespace assay {

// Calls `visit` for the files and configs of live versions, and for what was uploaded at or after `since`. A
// digest may come more than once. Constant memory; throws as Database::read does, and what `visit` throws.
void for_each_live_blob(Database& database, Time since, const std::function<void(const Digest&)>& visit);

// The files of live versions, each blob once, by digest: of one artifact, and of all in some namespaces.
std::vector<Digest> files_of_artifact(Snapshot& snapshot, std::int64_t artifact_id);
std::vector<Digest> files_in_spaces(Snapshot& snapshot, const ReadableSpaces& spaces);

}  // namespace assay
