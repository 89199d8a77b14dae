// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/plan.h"

#include <nlohmann/json.hpp>

#include "registry/domain/canonical_json.h"

namespace assay {

Digest plan_digest(const Decision& decision) {
  const auto mark = [](const std::optional<VersionMark>& version) {
    return version ? nlohmann::json(*version) : nlohmann::json();
  };
  nlohmann::json rules = nlohmann::json::array();
  for (const RuleResult& rule : decision.rules) {
    nlohmann::json evidence = nlohmann::json::array();
    for (const Id& id : rule.evidence) evidence.push_back(id.text());
    rules.push_back({{"kind", to_text(rule.kind)},
                     {"rule", rule.rule},
                     {"verdict", to_text(rule.verdict)},
                     {"evidence", std::move(evidence)}});
  }
  return canonical_digest({{"namespace", decision.namespace_},
                           {"model", decision.model},
                           {"stage", decision.stage},
                           {"candidate", mark(decision.candidate)},
                           {"champion", mark(decision.champion)},
                           {"policy", decision.policy_digest ? decision.policy_digest->text() : ""},
                           {"revision", decision.revision_before},
                           {"verdict", to_text(decision.verdict)},
                           {"rules", std::move(rules)}});
}

}  // namespace assay
