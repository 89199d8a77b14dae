// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/selecting.h"

#include <fmt/format.h>

#include "registry/domain/latency.h"

namespace assay {

Selection gap(RuleVerdict verdict, std::string reason, std::string remedy, std::vector<const Evidence*> evidence) {
  return {.outcome = Selection::Outcome::gap,
          .gap = verdict,
          .reason = std::move(reason),
          .remedy = std::move(remedy),
          .evidence = std::move(evidence)};
}

std::string reference_text(const Facts& facts, const VersionMark& version) {
  const std::string name = version_text(facts, version);
  return facts.namespace_ == "default" ? name : facts.namespace_ + "/" + name;
}

std::string discounted(const Requirement& requirement, const Facts& facts, Level level, const Evidence& evidence) {
  const auto revoked = facts.revoked.find(evidence.plugin.digest);
  if (revoked != facts.revoked.end())
    return fmt::format("was measured by {} {} ({}), which is revoked: {}", evidence.plugin.name,
                       evidence.plugin.version, evidence.plugin.digest.short_text(), revoked->second);
  if (evidence.level < level)
    return fmt::format("is only {}, and {} evidence is required", to_text(evidence.level), to_text(level));
  if (requirement.key && !requirement.key->plugin.empty() && evidence.plugin.name != requirement.key->plugin)
    return fmt::format("was measured by {}, and the rule asks for {}", evidence.plugin.name,
                       requirement.key->plugin);
  return {};
}

bool stale(const Evidence& evidence, const Freshness& freshness, Time now) {
  if (evidence.created_at > now + kClockStep) return true;
  return freshness.max_age && now - evidence.created_at > *freshness.max_age;
}

Selection stale_gap(const Evidence& evidence, const std::string& whose, const Freshness& freshness,
                    Time now) {
  if (evidence.created_at > now)
    return gap(RuleVerdict::stale, fmt::format("the {} is from the future by the server's clock", whose),
               "set the clock right, or measure again", {&evidence});
  return gap(RuleVerdict::stale,
             fmt::format("the {} is {} old, and at most {} is allowed", whose,
                         rough_duration(now - evidence.created_at), format_duration(*freshness.max_age)),
             "it would pass the age check when measured again now", {&evidence});
}

std::vector<Need> needs_of(const Requirement& requirement, const Facts& facts, Level level) {
  if (!requirement.key || !requirement.key->dataset) return {};
  const EvidenceKey& key = *requirement.key;
  Need need{.kind = key.kind, .dataset = key.dataset_reference, .by = key.by, .plugin = key.plugin, .level = level};
  if (key.kind == EvidenceKind::validation) return {need};
  if (const auto equals = key.slice.find('='); equals != std::string::npos) need.by = key.slice.substr(0, equals);
  need.model = reference_text(facts, facts.candidate);
  if (requirement.kind == RuleKind::latency) {
    need.batch = rows_of_batch(key.slice).value_or(0);
    return need.batch > 0 ? std::vector{need} : std::vector<Need>();
  }
  if (key.kind == EvidenceKind::comparison) {
    need.confidence = requirement.confidence;
    need.beats = requirement.beats;
    if (!requirement.beats.empty()) return {need};
    if (facts.champion->digest == facts.candidate.digest) return {};
    need.reference = reference_text(facts, *facts.champion);
    return {need};
  }
  std::vector<Need> out = {need};
  if (requirement.base == BoundBase::champion && facts.champion) {
    out.push_back(need);  // both, so that they are alike
    out.back().model = reference_text(facts, *facts.champion);
  }
  return out;
}

}  // namespace assay
