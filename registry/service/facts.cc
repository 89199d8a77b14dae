// SPDX-License-Identifier: Apache-2.0
#include "registry/service/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "registry/catalog/approvals.h"
#include "registry/catalog/contents.h"
#include "registry/catalog/decisions.h"
#include "registry/catalog/leases.h"
#include "registry/catalog/libraries.h"
#include "registry/catalog/problems.h"
#include "registry/catalog/runs.h"
#include "registry/catalog/stages.h"
#include "registry/catalog/versions.h"
#include "registry/content/check.h"
#include "registry/service/signatures.h"
#include "storage/env/time_zone.h"

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

constexpr std::size_t kMaxAncestors = 1000;
constexpr int kMaxTwins = 16;  // versions with one digest, any of which may have the run

// The first thing that no record says about how `version` came to be; empty when there is none. Datasets may come from
// anywhere; models must have been made by runs.
std::string lineage_gap(Snapshot& snapshot, const Version& version) {
  std::vector<Version> open = {version};
  std::set<Digest> seen = {version.digest};
  while (!open.empty()) {
    const Version next = std::move(open.back());
    open.pop_back();
    const auto run = next.run_id ? find_run(snapshot, *next.run_id, ReadableSpaces::everything()) : std::nullopt;
    if (!run) return fmt::format("{} was made by no recorded run", next.reference());
    for (const RunInput& input : run->draft.inputs) {
      if (!seen.insert(input.digest).second) continue;
      const auto twins = versions_with_digest(snapshot, input.digest, kMaxTwins);
      if (twins.empty())
        return fmt::format("{} was made from {}, which the registry does not hold", next.reference(), input.reference);
      const auto made = std::find_if(twins.begin(), twins.end(), [](const Version& twin) { return twin.run_id; });
      if (input.kind == Kind::model) open.push_back(made == twins.end() ? twins.front() : *made);
      if (open.size() > kMaxAncestors) return fmt::format("{} has too long a lineage", version.reference());
    }
  }
  return "";
}

std::vector<ArtifactFacts::Suspect> suspects(Snapshot& snapshot, const Version& version) {
  std::vector<ArtifactFacts::Suspect> out;
  for (FoundContent& found : suspects_of(snapshot, version.id, kContentChecker, ArtifactFacts::kMaxSuspects)) {
    if (!found.content) found.content.emplace().because("nobody has looked into it");
    out.push_back({std::move(found.path), *std::move(found.content)});
  }
  return out;
}

// What the policy asks of the version itself, and no more: some of it is costly to find out.
ArtifactFacts artifact_facts(Snapshot& snapshot, const Policy& policy, const Name& model, VersionNumber number,
                             const std::optional<Time>& as_of) {
  const auto version = find_version(snapshot, Kind::model, model, number);
  if (!version) return {};
  const auto& files = version->files;
  ArtifactFacts facts{.card = std::any_of(files.begin(), files.end(),
                                          [](const VersionFile& file) { return file.path.text() == "README.md"; }),
                      .lineage_gap = lineage_gap(snapshot, *version)};
  std::vector<KeyName> keys;
  for (const PolicyRule& rule : policy.rules()) {
    const auto* asked = std::get_if<ArtifactRule>(&rule);
    if (asked == nullptr) continue;
    if (asked->no_pickle) facts.suspects = suspects(snapshot, *version);
    keys.insert(keys.end(), asked->signed_by.begin(), asked->signed_by.end());
  }
  if (!keys.empty()) facts.signers = signers_of(snapshot, model.space(), *version, keys, as_of);
  return facts;
}

Facts read(Snapshot& snapshot, const Policy& policy, const Candidacy& candidacy, Time now,
           const std::optional<Time>& as_of, EvidenceMemo& memo) {
  const Name& model = candidacy.model;
  Facts facts{.namespace_ = model.namespace_(),
              .model = model.name(),
              .candidate = candidacy.candidate,
              .champion = candidacy.champion,
              .from_holder = {},
              .evidence = {},
              .authors = candidacy.authors,
              .tokens = candidacy.tokens,
              .force = candidacy.force};
  if (policy.from()) facts.from_holder = holder(snapshot, model, *policy.from(), as_of);
  std::vector<Digest> models = {facts.candidate.digest};
  if (facts.champion) models.push_back(facts.champion->digest);
  facts.evidence = evidence_for(snapshot, policy, models, model.space(), as_of, memo);
  for (const Evidence& evidence : facts.evidence)
    if (evidence.kind == EvidenceKind::comparison)
      if (const auto trainer = trainer_of(snapshot, *evidence.reference, model.space()))
        facts.trained_by[*evidence.reference] = *trainer;
  facts.made_with = maker_of(snapshot, model, facts.candidate.number);
  std::set<Digest> libraries;
  if (facts.made_with) libraries.insert(*facts.made_with);
  for (const Evidence& evidence : facts.evidence) libraries.insert(evidence.plugin.digest);
  for (const Digest& library : libraries)
    if (const auto revocation = find_revocation(snapshot, library, as_of))
      facts.revoked[library] = revocation->reason;
  for (const Requirement& requirement : policy.requirements()) {
    if (requirement.kind == RuleKind::problem) facts.problem = find_problem(snapshot, model, as_of);
    if (requirement.kind == RuleKind::artifact && !facts.artifact)
      facts.artifact = artifact_facts(snapshot, policy, model, facts.candidate.number, as_of);
  }
  facts.frozen = frozen_at(policy.freeze(), now);
  if (policy.approvals().count > 0)
    facts.approvals = approvals_of(snapshot, model, policy.stage(), facts.candidate.number, as_of);
  return facts;
}

}  // namespace

Facts read_facts(Snapshot& snapshot, const Policy& policy, const Candidacy& candidacy, Time now, EvidenceMemo& memo) {
  Facts facts = read(snapshot, policy, candidacy, now, std::nullopt, memo);
  facts.lease = find_lease(snapshot, candidacy.model, policy.stage(), now);
  const auto& own = candidacy.tokens;
  if (facts.lease && std::find(own.begin(), own.end(), facts.lease->token) != own.end()) facts.lease.reset();
  return facts;
}

Facts read_past_facts(Snapshot& snapshot, const Policy& policy, const Candidacy& candidacy, Time past) {
  EvidenceMemo memo;
  return read(snapshot, policy, candidacy, past, past, memo);
}

std::optional<Frozen> frozen_at(const std::vector<FreezeWindow>& windows, Time now) {
  std::optional<Frozen> out;
  for (const FreezeWindow& window : windows) {
    const TimeZone zone = TimeZone::find(window.zone());
    const auto span = window.around(zone.wall(now));
    if (!span) continue;
    const Frozen frozen{window.text(), zone.first(span->from), zone.last(span->until)};
    if (!out || frozen.until > out->until) out = frozen;
  }
  return out;
}

}  // namespace assay
