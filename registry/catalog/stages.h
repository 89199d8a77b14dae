// SPDX-License-Identifier: Apache-2.0
// The stages of models in the catalogue: one row a pointer, moved only by compare-and-swap. How a stage came
// to where it stands is decisions.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/name.h"
#include "registry/domain/readable_spaces.h"
#include "registry/domain/stage.h"
#include "storage/base/digest.h"

namespace assay {

// A stage that was never set and has no policy does not exist. Models that do not exist have no stages.
std::optional<Stage> find_stage(Snapshot& snapshot, const Name& model, const StageName& stage);
// Those with a version or a policy, by name.
std::vector<Stage> list_stages(Snapshot& snapshot, const Name& model);
// The names of those that point to a version (Version::id), sorted.
std::vector<std::string> stages_of_version(Snapshot& snapshot, std::int64_t version_id);

// Those that point to a version with that digest, as "default/churn@production", sorted.
std::vector<std::string> stages_holding(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& readable);

// Where a stage is to point, and which move it is.
struct StageMove {
  Name model;
  StageName stage;
  VersionNumber number;
  std::int64_t expected_revision;  // 0: it points nowhere yet
  Id decision;
  std::string actor;
  Time at;
};

// Points the stage there and makes its revision one more. False, and nothing changed, when its revision is
// another. The decision named must be recorded in the same transaction, before. Throws not_found when there
// is no such model.
[[nodiscard]] bool move_stage(Transaction& transaction, const StageMove& move);

// A row for the stage if it has none: it holds nothing yet. Throws not_found when there is no such model.
void ensure_stage(Transaction& transaction, const Name& model, const StageName& stage);
// The catalogue's key of a model. Throws not_found.
std::int64_t model_key(Snapshot& snapshot, const Name& model);

}  // namespace assay
