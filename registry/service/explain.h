// SPDX-License-Identifier: Apache-2.0
// Where a stage stands, where it stood, and why: answered from history that only grows. All need `read` on
// the model's namespace.
#pragma once

#include <optional>
#include <vector>

#include "registry/access/principal.h"
#include "registry/domain/bundle.h"
#include "registry/domain/decision.h"
#include "registry/domain/page.h"
#include "registry/domain/stage.h"
#include "registry/service/services.h"
#include "storage/base/error.h"

namespace assay {

// Throws not_found when the model does not exist.
std::vector<Stage> list_stages(const Services& services, const Principal& caller, const Name& model);
// Throws not_found, naming the nearest stage, when it has neither a version nor a policy.
Stage describe_stage(const Services& services, const Principal& caller, const Name& model,
                     const StageName& stage);

struct StageAt {
  Stage stage;                       // as it was; its version is none when nothing had been admitted yet
  std::optional<Decision> decision;  // the one that had moved it there
};

// A Stage with the member "decision".
void to_json(nlohmann::json& json, const StageAt& state);

// The stage as it was at `time`; a time to come is now. Throws as describe_stage.
StageAt explain(const Services& services, const Principal& caller, const Name& model, const StageName& stage,
                Time time);

// Every attempt, refused ones included, newest first. Throws not_found when the model does not exist.
Page<Decision> stage_history(const Services& services, const Principal& caller, const Name& model,
                             const StageName& stage, const PageRequest& page);

// The not_found for a decision that does not exist or that the caller may not read.
Error no_decision(const Principal& caller, const Id& id);
// Throws no_decision.
Decision describe_decision(const Services& services, const Principal& caller, const Id& id);

// The decision with all that it rested on. Throws no_decision; unsupported when nothing was judged for it, as a rollback.
Bundle export_decision(const Services& services, const Principal& caller, const Id& id);

}  // namespace assay
