// SPDX-License-Identifier: Apache-2.0
// Artifacts in the catalogue: the named lines of versions, and the namespaces that they live in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/artifact.h"
#include "registry/domain/page.h"
#include "registry/domain/readable_spaces.h"

namespace assay {

// Its key in the catalogue, for other tables to refer to.
std::optional<std::int64_t> find_artifact_id(Snapshot& snapshot, Kind kind, const Name& name);
// The same, making artifact and namespace first when they are new.
std::int64_t ensure_artifact(Transaction& transaction, Kind kind, const Name& name, Time now);

// Complete, with its latest version and its stages, spelled as it was first.
std::optional<Artifact> find_artifact(Snapshot& snapshot, Kind kind, const Name& name);

// By namespace and name. Throws invalid_argument for a cursor that is not of this list.
Page<Artifact> list_artifacts(Snapshot& snapshot, Kind kind, const ReadableSpaces& spaces,
                              const PageRequest& page);

// Names in one namespace, for suggestions; at most 1000.
std::vector<std::string> artifact_names(Snapshot& snapshot, Kind kind, const Namespace& space);

std::int64_t count_artifacts(Snapshot& snapshot, Kind kind);

}  // namespace assay
