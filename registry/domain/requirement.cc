// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/requirement.h"

#include "registry/domain/words.h"

namespace assay {
namespace {

constexpr Words<RuleKind, 16> kRuleKinds = {{{RuleKind::from, "from"},
                                             {RuleKind::metric, "metric"},
                                             {RuleKind::champion, "champion"},
                                             {RuleKind::slices, "slices"},
                                             {RuleKind::fairness, "fairness"},
                                             {RuleKind::cost, "cost"},
                                             {RuleKind::latency, "latency"},
                                             {RuleKind::drift, "drift"},
                                             {RuleKind::baseline, "baseline"},
                                             {RuleKind::problem, "problem"},
                                             {RuleKind::artifact, "artifact"},
                                             {RuleKind::validation, "validation"},
                                             {RuleKind::evidence, "evidence"},
                                             {RuleKind::freeze, "freeze"},
                                             {RuleKind::lease, "lease"},
                                             {RuleKind::approvals, "approvals"}}};
constexpr Words<FairnessMetric, 4> kFairnessMetrics = {
    {{FairnessMetric::demographic_parity_difference, "demographic_parity_difference"},
     {FairnessMetric::demographic_parity_ratio, "demographic_parity_ratio"},
     {FairnessMetric::equal_opportunity_difference, "equal_opportunity_difference"},
     {FairnessMetric::equalized_odds_difference, "equalized_odds_difference"}}};
constexpr Words<PairedTest, 3> kPairedTests = {{{PairedTest::delong, "delong"},
                                               {PairedTest::mcnemar, "mcnemar"},
                                               {PairedTest::paired_bootstrap, "paired_bootstrap"}}};
constexpr Words<Comparator, 4> kComparators = {{{Comparator::at_least, ">="},
                                               {Comparator::at_most, "<="},
                                               {Comparator::equal, "=="},
                                               {Comparator::above, ">"}}};
constexpr Words<RuleVerdict, 8> kVerdicts = {{{RuleVerdict::pass, "pass"},
                                              {RuleVerdict::fail, "fail"},
                                              {RuleVerdict::missing, "missing"},
                                              {RuleVerdict::stale, "stale"},
                                              {RuleVerdict::not_comparable, "not_comparable"},
                                              {RuleVerdict::closed, "closed"},
                                              {RuleVerdict::waiting, "waiting"},
                                              {RuleVerdict::forced, "forced"}}};

}  // namespace

std::string_view to_text(RuleKind kind) {
  return spell(kRuleKinds, kind);
}
std::string_view to_text(Comparator comparator) {
  return spell(kComparators, comparator);
}
std::string_view to_text(RuleVerdict verdict) {
  return spell(kVerdicts, verdict);
}
std::string_view to_text(FairnessMetric metric) {
  return spell(kFairnessMetrics, metric);
}
std::string_view to_text(PairedTest test) {
  return spell(kPairedTests, test);
}
PairedTest parse_paired_test(std::string_view text, std::string_view place) {
  return read_word(kPairedTests, text, place);
}
FairnessMetric parse_fairness_metric(std::string_view text, std::string_view place) {
  return read_word(kFairnessMetrics, text, place);
}
RuleKind parse_rule_kind(std::string_view text, std::string_view place) {
  return read_word(kRuleKinds, text, place);
}
Comparator parse_comparator(std::string_view text, std::string_view place) {
  return read_word(kComparators, text, place);
}
RuleVerdict parse_rule_verdict(std::string_view text, std::string_view place) {
  return read_word(kVerdicts, text, place);
}

}  // namespace assay
