// SPDX-License-Identifier: Apache-2.0
#include "registry/service/facts.h"

#include <set>

#include "registry/catalog/decisions.h"
#include "registry/catalog/evidence.h"
#include "registry/catalog/libraries.h"
#include "registry/catalog/stages.h"

namespace assay {
namespace {

std::optional<VersionMark> holder(Snapshot& snapshot, const Name& model, const StageName& stage,
                                  const std::optional<Time>& as_of) {
  if (!as_of) {
    const auto found = find_stage(snapshot, model, stage);
    return found ? found->version : std::nullopt;
  }
  const auto moved = last_move_at(snapshot, model, stage, *as_of);
  return moved ? std::optional(moved->candidate) : std::nullopt;
}

}  // namespace

Facts read_facts(Snapshot& snapshot, const Policy& policy, const Name& model, const VersionMark& candidate,
                 const std::optional<VersionMark>& champion, const std::optional<Time>& as_of) {
  Facts facts{.namespace_ = model.namespace_(),
              .model = model.name(),
              .candidate = candidate,
              .champion = champion,
              .from_holder = {},
              .evidence = {}};
  if (policy.from()) facts.from_holder = holder(snapshot, model, *policy.from(), as_of);
  std::vector<Digest> models = {candidate.digest};
  if (champion) models.push_back(champion->digest);
  facts.evidence = evidence_for(snapshot, policy, models, model.space(), as_of);
  for (const Evidence& evidence : facts.evidence)
    if (evidence.kind == EvidenceKind::comparison)
      if (const auto trainer = trainer_of(snapshot, *evidence.reference, model.space()))
        facts.trained_by[*evidence.reference] = *trainer;
  std::set<Digest> libraries;
  for (const Evidence& evidence : facts.evidence) libraries.insert(evidence.plugin.digest);
  for (const Digest& library : libraries)
    if (const auto revocation = find_revocation(snapshot, library, as_of))
      facts.revoked[library] = revocation->reason;
  return facts;
}

}  // namespace assay
