// SPDX-License-Identifier: Apache-2.0
// What every policy rule compiles to: which evidence decides, which of its fields, and the bound that it must
// keep. The judge, the explanations and the search for the smallest flip know this form alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "registry/domain/evidence.h"
#include "storage/base/digest.h"

namespace assay {

enum class RuleKind { from, metric, champion, validation, evidence };
enum class Comparator { at_least, at_most, equal };
// What the bound is: a number of its own, or a distance from the champion's value of the same field, counted
// in the direction that is better.
enum class BoundBase { absolute, champion };
enum class RuleVerdict { pass, fail, missing, stale, not_comparable };

std::string_view to_text(RuleKind kind);
std::string_view to_text(Comparator comparator);  // ">=", "<=", "=="
std::string_view to_text(RuleVerdict verdict);
RuleKind parse_rule_kind(std::string_view text, std::string_view place);
Comparator parse_comparator(std::string_view text, std::string_view place);
RuleVerdict parse_rule_verdict(std::string_view text, std::string_view place);

struct EvidenceKey {
  EvidenceKind kind = EvidenceKind::evaluation;
  std::string dataset_reference;  // as people read it
  std::optional<Digest> dataset;  // none decides nothing: the policy was never resolved
  std::string slice;
  Severity severity = Severity::error;  // validations: findings from this severity on are counted
};

struct Requirement {
  RuleKind kind = RuleKind::metric;
  std::string rule;  // for people: "roc_auc on default/churn-holdout@1 >= 0.8"
  std::optional<EvidenceKey>
      key;  // none: the stage itself (from), or whatever the other rules selected (evidence)
  std::string field;
  Comparator comparator = Comparator::at_least;
  BoundBase base = BoundBase::absolute;
  double bound = 0;
  std::string stage;                          // of a `from` rule
  RuleVerdict otherwise = RuleVerdict::fail;  // what a comparison that does not hold is called
};

}  // namespace assay
