// SPDX-License-Identifier: Apache-2.0
// The record of one attempt to move a stage: what was asked, which rules and evidence decided, and what came
// of it.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/domain/need.h"
#include "registry/domain/requirement.h"
#include "registry/domain/stage.h"

namespace assay {

enum class DecisionAction { promote, rollback };
enum class DecisionVerdict {
  promoted,
  already_there,
  refused,
  missing_evidence,
  not_comparable,
  waiting,   // all rules pass, people are still to approve
  frozen,    // all rules pass, and the stage is frozen
  leased,    // all rules pass, and somebody else holds the stage
  withheld,  // it would have been promoted, but another of its batch was not
  rolled_back
};

std::string_view to_text(DecisionAction action);
std::string_view to_text(DecisionVerdict verdict);
// Of `assay promote`: 0, 10 (refused or withheld), 11 (missing or stale evidence), 12 (not comparable), 20 (waiting for
// approval), 31 (frozen or leased).
int exit_code(DecisionVerdict verdict);

struct RuleResult {
  RuleKind kind = RuleKind::metric;
  std::string rule{};
  RuleVerdict verdict = RuleVerdict::fail;
  std::string field{};
  std::optional<double> candidate{};
  std::optional<double> champion{};
  Comparator comparator = Comparator::at_least;
  std::optional<double> bound{};   // what the candidate's value was held against
  std::optional<double> margin{};  // of a champion rule
  std::optional<std::int64_t> n{};
  std::vector<Id> evidence{};
  std::vector<Need> needs{};  // of a rule whose evidence is missing, stale or unlike: what would be fresh and alike
  std::string explanation{};  // one sentence, the smallest change that would flip it included

  bool operator==(const RuleResult&) const = default;
};

struct Decision {
  std::optional<Id> id{};  // none while it is not recorded, as in a dry run; "" in JSON
  DecisionAction action = DecisionAction::promote;
  std::string namespace_{};
  std::string model{};
  std::string stage{};
  VersionMark candidate;
  std::optional<VersionMark> champion{};  // what the stage held before
  DecisionVerdict verdict = DecisionVerdict::refused;
  bool changed = false;
  bool dry_run = false;
  bool forced = false;                         // an admin overrode what stood against it
  std::optional<Digest> approval_binding{};  // what an approval is given to, where the policy asks for any
  std::optional<Digest> policy_digest{};
  std::int64_t revision_before = 0;
  std::int64_t revision_after = 0;
  std::string actor{};
  std::string workload{};  // canonical JSON, of an actor that a provider vouched for: which job of which commit
  Time at{};
  std::string reason{};
  std::vector<RuleResult> rules{};
  std::string summary{};  // one line

  bool operator==(const Decision&) const = default;
};

void to_json(nlohmann::json& json, const Decision& decision);
// Reads what to_json wrote. Throws invalid_argument naming what is wrong.
Decision decision_from_json(const nlohmann::json& document);

}  // namespace assay
