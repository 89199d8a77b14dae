// SPDX-License-Identifier: Apache-2.0
#include "registry/service/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "registry/catalog/audit.h"
#include "registry/catalog/database.h"
#include "registry/catalog/evidence.h"
#include "registry/catalog/policies.h"
#include "registry/catalog/problems.h"
#include "registry/catalog/stages.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/nearest.h"
#include "registry/domain/problem_defaults.h"
#include "registry/service/resolve.h"
#include "registry/service/signatures.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"
#include "storage/env/time_zone.h"

namespace assay {
namespace {

constexpr int kLookedAt = 64;  // evaluations, for what they report

// The caller must be able to read what the policy will be judged on.
PolicyDataset resolve_dataset(Snapshot& snapshot, const Principal& caller, const PolicyDataset& named) {
  const Reference reference = Reference::parse(named.reference);
  require(caller, Permission::read, reference.name.space());
  const Version version = resolve(snapshot, Kind::dataset, reference.name, reference.selector);
  if (named.digest && *named.digest != version.digest)
    throw Error(
        Code::invalid_argument,
        fmt::format("policy: {} is {}, not the dataset_digest given: leave that out, it is filled in here",
                    version.reference(), version.digest.text()));
  return {.reference = version.reference(), .digest = version.digest};
}

// A ring of stages could never be entered.
void refuse_ring(Snapshot& snapshot, const Name& model, const Policy& policy) {
  std::optional<StageName> before = policy.from();
  std::string path = policy.stage().text();
  for (int steps = 0; before && steps < 100; ++steps) {
    path += " from " + before->text();
    if (*before == policy.stage())
      throw Error(
          Code::invalid_argument,
          fmt::format("policy: the stages would form a ring ({}): no version could ever enter it", path));
    const auto next = find_policy(snapshot, model, *before);
    before = next ? next->from() : std::nullopt;
  }
}

// What the newest evaluations on a dataset report; empty when there is none.
std::vector<std::string> metrics_on(Snapshot& snapshot, const Name& model, const Digest& dataset) {
  const ReadableSpaces here{.keys = {model.space().key()}};
  const EvidenceQuery query{.kind = EvidenceKind::evaluation, .model = {}, .dataset = dataset};
  std::set<std::string> names;
  for (const Evidence& one : list_evidence(snapshot, query, here, {.cursor = {}, .limit = kLookedAt}).items)
    for (const MetricRow& row : std::get<std::vector<MetricRow>>(one.rows)) names.insert(row.name);
  return {names.begin(), names.end()};
}

// Rules that would wait for ever on a name that was mistyped.
std::vector<std::string> unknown_metrics(Snapshot& snapshot, const Name& model, const Policy& policy) {
  std::vector<std::string> out;
  for (const Requirement& requirement : policy.requirements()) {
    const auto& key = requirement.key;
    if (!key || key->kind != EvidenceKind::evaluation || !key->dataset || requirement.kind == RuleKind::latency ||
        requirement.kind == RuleKind::cost || requirement.kind == RuleKind::fairness)
      continue;
    const auto known = metrics_on(snapshot, model, *key->dataset);
    if (known.empty() || std::binary_search(known.begin(), known.end(), requirement.field)) continue;
    out.push_back(fmt::format("none of the newest evaluations on {} reports \"{}\"{}: until one does, the rule \"{}\" lets nothing pass",
                              key->dataset_reference, requirement.field, did_you_mean(requirement.field, known),
                              requirement.rule));
  }
  return out;
}

}  // namespace

nlohmann::json policy_answer(const Policy& policy) {
  return {{"digest", policy.digest().text()}, {"policy", policy}};
}

nlohmann::json policy_answer(const PolicyThatWasSet& set) {
  nlohmann::json out = policy_answer(set.policy);
  out["warnings"] = set.warnings;
  return out;
}

Policy read_policy(Snapshot& snapshot, const Principal& caller, const Name& model, const StageName& stage,
                   const nlohmann::json& document) {
  const Policy written = Policy::parse(with_problem(document, find_problem(snapshot, model), model.text()));
  if (!(written.stage() == stage))
    throw Error(Code::invalid_argument,
                fmt::format("policy: its stage is \"{}\", and it was sent to \"{}\": make them the same",
                            written.stage().text(), stage.text()));
  for (const PolicyRule& rule : written.rules())
    if (const auto* artifact = std::get_if<ArtifactRule>(&rule))
      require_trusted_keys(snapshot, model.space(), artifact->signed_by);
  return written.resolved([&](const PolicyDataset& named) { return resolve_dataset(snapshot, caller, named); });
}

PolicyThatWasSet set_policy(const Services& services, const Principal& caller, const Name& model,
                            const StageName& stage, std::string_view body) {
  require(caller, Permission::admin, model.space());
  const nlohmann::json document = parse_json(body, "the policy");
  const Time now = services.clock.now();
  return services.database.write([&](Transaction& transaction) {
    Policy policy = read_policy(transaction, caller, model, stage, document);
    for (const FreezeWindow& window : policy.freeze()) TimeZone::find(window.zone());  // throws for an unknown one
    refuse_ring(transaction, model, policy);
    put_policy(transaction, model, policy, caller.name, now);
    append_audit(transaction,
                 {.time = now,
                  .actor = caller.name,
                  .action = "set_policy",
                  .subject = fmt::format("models/{}/stages/{}", model.text(), stage.text()),
                  .details = canonical({{"digest", policy.digest().text()}, {"token", caller.id.text()}})});
    auto warnings = unknown_metrics(transaction, model, policy);
    return PolicyThatWasSet{std::move(policy), std::move(warnings)};
  });
}

Policy show_policy(const Services& services, const Principal& caller, const Name& model,
                   const StageName& stage) {
  require(caller, Permission::read, model.space());
  auto policy =
      services.database.read([&](Snapshot& snapshot) { return find_policy(snapshot, model, stage); });
  if (policy) return *std::move(policy);
  throw Error(Code::not_found,
              fmt::format("{}@{} has no policy: any version may enter; set one with assay policy set",
                          model.text(), stage.text()));
}

}  // namespace assay
