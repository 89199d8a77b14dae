// SPDX-License-Identifier: Apache-2.0
// What the tests of the pure verdict judge: churn@4 that wants to replace the champion churn@3, on what was measured.
#pragma once

#include <nlohmann/json.hpp>

#include "registry/domain/verdict.h"
#include "tests/unit/promotion/world.h"

namespace assay::test {

inline const Digest kHoldout = Digest::of("holdout");
inline const Time kNow = parse_time("2026-11-21T00:00:00Z");

inline Evidence record(const nlohmann::json& document, Time at = kNow - std::chrono::hours(1)) {
  static SystemEntropy entropy;
  return Evidence(evidence_draft_from_json(document), new_id(SetClock(), entropy), Level::reported, at, "ada");
}

struct Contest {
  Facts facts{.namespace_ = "default",
              .model = "churn",
              .candidate = {.number = 4, .digest = Digest::of("four")},
              .champion = VersionMark{.number = 3, .digest = Digest::of("three")},
              .from_holder = {},
              .evidence = {}};

  void measured(const Digest& model, const JsonRows& rows) {
    facts.evidence.push_back(record(evaluation(model, kHoldout, rows)));
  }
  // Whatever dataset a rule names is the holdout.
  Decision judge_document(const nlohmann::json& document) const {
    const Policy policy = Policy::parse(document).resolved([](const PolicyDataset& named) {
      return PolicyDataset{named.reference, kHoldout};
    });
    return assay::judge(policy, facts, kNow);
  }
  Decision judge(const JsonRows& rules) const {
    return judge_document({{"stage", "production"}, {"rules", rules}});
  }
  RuleResult rule(const nlohmann::json& rule) const { return judge({rule}).rules.at(0); }
};

}  // namespace assay::test
