// SPDX-License-Identifier: Apache-2.0
// What every policy rule compiles to: which evidence decides, which of its fields, and the bound that it must
// keep. The judge, the explanations and the search for the smallest flip know this form alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/domain/cost_matrix.h"
#include "registry/domain/duration.h"
#include "registry/domain/evidence.h"
#include "storage/base/digest.h"

namespace assay {

enum class RuleKind {
  from,
  metric,
  champion,
  slices,
  fairness,
  cost,
  latency,
  drift,
  baseline,
  problem,
  artifact,
  validation,
  evidence,
  freeze,
  lease,
  approvals
};
enum class Comparator { at_least, at_most, equal, above };
// What the bound is: a number of its own, or a distance from the champion's value of the same field, counted
// in the direction that is better.
enum class BoundBase { absolute, champion };
// `closed`: by a freeze or a lease, for a while; `waiting`: for people; `forced`: it does not pass, and an admin overrode it.
enum class RuleVerdict { pass, fail, missing, stale, not_comparable, closed, waiting, forced };

// Whether a version is let in as far as this rule is concerned.
constexpr bool lets_in(RuleVerdict verdict) {
  return verdict == RuleVerdict::pass || verdict == RuleVerdict::forced;
}

std::string_view to_text(RuleKind kind);
std::string_view to_text(Comparator comparator);  // ">=", "<=", "==", ">"
std::string_view to_text(RuleVerdict verdict);
RuleKind parse_rule_kind(std::string_view text, std::string_view place);
Comparator parse_comparator(std::string_view text, std::string_view place);
RuleVerdict parse_rule_verdict(std::string_view text, std::string_view place);

// How far groups may differ, from the counts of each: selection rate (demographic parity), recall (equal
// opportunity), recall and false positive rate (equalized odds).
enum class FairnessMetric {
  demographic_parity_difference,
  demographic_parity_ratio,
  equal_opportunity_difference,
  equalized_odds_difference
};
std::string_view to_text(FairnessMetric metric);
FairnessMetric parse_fairness_metric(std::string_view text, std::string_view place);

// How a comparison tells a difference from luck. Its rows are called "roc_auc:delong".
enum class PairedTest { delong, mcnemar, paired_bootstrap };
std::string_view to_text(PairedTest test);
PairedTest parse_paired_test(std::string_view text, std::string_view place);

struct EvidenceKey {
  EvidenceKind kind = EvidenceKind::evaluation;
  std::string dataset_reference{};  // as people read it
  std::optional<Digest> dataset{};  // none decides nothing: the policy was never resolved
  std::string slice{};
  std::string by{};      // the column whose values are the slices: of slices and fairness rules
  std::string plugin{};  // the name of the plugin that must have measured; empty: any
  Severity severity = Severity::error;  // validations: findings from this severity on are counted
};

struct Requirement {
  RuleKind kind = RuleKind::metric;
  std::string rule{};  // for people: "roc_auc on default/churn-holdout@1 >= 0.8"
  // None: the stage itself (from), or whatever the other rules selected (evidence).
  std::optional<EvidenceKey> key{};
  std::string field{};
  Comparator comparator = Comparator::at_least;
  BoundBase base = BoundBase::absolute;
  double bound = 0;
  std::int64_t min_rows = 0;          // slices rules: a slice of fewer is not judged; others: fewer are no evidence
  double confidence = 0;              // of a rule on a comparison: that of its interval, at the least
  bool holm = false;                  // of a slices rule: alarms are corrected for the number of slices
  std::string beats{};                // of a baseline rule: the plugin that trained the model to beat
  std::optional<CostMatrix> costs{};  // of a cost rule
  Duration window{};                  // of a drift rule: how old the report may be
  std::string stage{};                // of a `from` rule
  std::vector<std::string> keys{};    // of a rule on signatures: the names of the keys, one of which must have signed
  RuleVerdict otherwise = RuleVerdict::fail;  // what a comparison that does not hold is called
};

}  // namespace assay
