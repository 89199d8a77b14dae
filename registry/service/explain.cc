// SPDX-License-Identifier: Apache-2.0
#include "registry/service/explain.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/database.h"
#include "registry/catalog/decisions.h"
#include "registry/catalog/evidence.h"
#include "registry/catalog/policies.h"
#include "registry/catalog/stages.h"
#include "registry/domain/nearest.h"
#include "registry/service/resolve.h"
#include "storage/base/error.h"

namespace assay {
namespace {

void require_model(Snapshot& snapshot, const Name& model) {
  if (!find_artifact_id(snapshot, Kind::model, model)) throw no_artifact(snapshot, Kind::model, model);
}

Stage existing_stage(Snapshot& snapshot, const Name& model, const StageName& stage) {
  require_model(snapshot, model);
  if (auto found = find_stage(snapshot, model, stage)) return *std::move(found);
  std::vector<std::string> known;
  for (const Stage& other : list_stages(snapshot, model)) known.push_back(other.name);
  throw Error(Code::not_found, fmt::format("{} has no stage \"{}\" yet{}", model.text(), stage.text(),
                                           did_you_mean(stage.text(), known)));
}

Decision readable_decision(Snapshot& snapshot, const Principal& caller, const Id& id) {
  auto decision = find_decision(snapshot, id);
  if (decision && caller.may(Permission::read, Namespace::parse(decision->namespace_))) return *std::move(decision);
  throw no_decision(caller, id);
}

}  // namespace

std::vector<Stage> list_stages(const Services& services, const Principal& caller, const Name& model) {
  require(caller, Permission::read, model.space());
  return services.database.read([&](Snapshot& snapshot) {
    require_model(snapshot, model);
    return list_stages(snapshot, model);
  });
}

Stage describe_stage(const Services& services, const Principal& caller, const Name& model,
                     const StageName& stage) {
  require(caller, Permission::read, model.space());
  return services.database.read([&](Snapshot& snapshot) { return existing_stage(snapshot, model, stage); });
}

void to_json(nlohmann::json& json, const StageAt& state) {
  json = state.stage;
  json["decision"] = state.decision ? nlohmann::json(*state.decision) : nlohmann::json();
}

StageAt explain(const Services& services, const Principal& caller, const Name& model, const StageName& stage,
                Time time) {
  require(caller, Permission::read, model.space());
  return services.database.read([&](Snapshot& snapshot) {
    const Stage now = existing_stage(snapshot, model, stage);
    StageAt state{.stage = {.name = now.name,
                            .version = {},
                            .revision = 0,
                            .policy_digest = policy_at(snapshot, model, stage, time),
                            .updated_at = {},
                            .updated_by = {},
                            .decision_id = {}},
                  .decision = last_move_at(snapshot, model, stage, time)};
    if (!state.decision) return state;
    state.stage.version = state.decision->candidate;
    state.stage.revision = state.decision->revision_after;
    state.stage.updated_at = state.decision->at;
    state.stage.updated_by = state.decision->actor;
    state.stage.decision_id = state.decision->id;
    return state;
  });
}

Page<Decision> stage_history(const Services& services, const Principal& caller, const Name& model,
                             const StageName& stage, const PageRequest& page) {
  require(caller, Permission::read, model.space());
  return services.database.read([&](Snapshot& snapshot) {
    require_model(snapshot, model);
    return list_decisions(snapshot, model, stage, page);
  });
}

Error no_decision(const Principal& caller, const Id& id) {
  return Error(Code::not_found, fmt::format("There is no decision {} that \"{}\" may read", id.text(), caller.name));
}

Decision describe_decision(const Services& services, const Principal& caller, const Id& id) {
  require_somewhere(caller, Permission::read);
  return services.database.read([&](Snapshot& snapshot) { return readable_decision(snapshot, caller, id); });
}

Bundle export_decision(const Services& services, const Principal& caller, const Id& id) {
  require_somewhere(caller, Permission::read);
  return services.database.read([&](Snapshot& snapshot) {
    const Decision decision = readable_decision(snapshot, caller, id);
    const auto facts = find_facts(snapshot, id);
    if (!facts)
      throw Error(Code::unsupported,
                  fmt::format("Decision {} rests on no evidence, so there is nothing to replay: {}", id.text(),
                              decision.summary));
    std::vector<Evidence> evidence;
    for (const Id& one : evidence_ids(*facts))
      evidence.push_back(find_evidence(snapshot, one, ReadableSpaces::everything()).value());
    auto policy = decision.policy_digest ? find_policy(snapshot, *decision.policy_digest) : std::nullopt;
    return make_bundle(decision, policy.value_or(Policy::none(StageName::parse(decision.stage))), *facts,
                       std::move(evidence));
  });
}

}  // namespace assay
