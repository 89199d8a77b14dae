// SPDX-License-Identifier: Apache-2.0
// Select, compare, explain, the same for every requirement; selection.cc finds the numbers, explanation.cc
// the words.
#include "registry/domain/verdict.h"

#include <algorithm>

#include "registry/domain/explanation.h"
#include "registry/domain/selection.h"
#include "registry/domain/standing.h"

namespace assay {
namespace {

bool holds(Comparator comparator, double value, double bound) {
  switch (comparator) {
    case Comparator::at_least:
      return value >= bound;
    case Comparator::at_most:
      return value <= bound;
    case Comparator::above:
      return value > bound;
    case Comparator::equal:
      break;
  }
  return value == bound;
}

RuleVerdict compare(const Requirement& requirement, const Selection& selection) {
  if (selection.outcome == Selection::Outcome::gap) return selection.gap;
  if (selection.outcome == Selection::Outcome::waived) return RuleVerdict::pass;
  // A comparison with NaN is false, so that one that slipped through would not pass either.
  return holds(selection.comparator, *selection.candidate, *selection.bound) ? RuleVerdict::pass
                                                                             : requirement.otherwise;
}

RuleResult decide(const Requirement& requirement, const Selection& selection, const Facts& facts, Level level) {
  RuleResult result{.kind = requirement.kind,
                    .rule = requirement.rule,
                    .verdict = compare(requirement, selection),
                    .field = requirement.field,
                    .candidate = selection.candidate,
                    .champion = selection.champion,
                    .comparator = selection.outcome == Selection::Outcome::comparable
                                      ? selection.comparator
                                      : requirement.comparator,
                    .bound = selection.bound,
                    .n = selection.n};
  if (requirement.base == BoundBase::champion) result.margin = requirement.bound;
  if (!result.bound && requirement.base == BoundBase::absolute && requirement.kind != RuleKind::from)
    result.bound = requirement.bound;
  for (const Evidence* evidence : selection.evidence) result.evidence.push_back(evidence->id);
  if (selection.outcome == Selection::Outcome::gap) result.needs = needs_of(requirement, facts, level);
  result.explanation = explain(requirement, selection, result.verdict, facts);
  return result;
}

DecisionVerdict conclude(const std::vector<RuleResult>& rules) {
  const auto any = [&](RuleVerdict verdict) {
    return std::any_of(rules.begin(), rules.end(),
                       [&](const RuleResult& rule) { return rule.verdict == verdict; });
  };
  if (any(RuleVerdict::fail)) return DecisionVerdict::refused;
  if (any(RuleVerdict::not_comparable)) return DecisionVerdict::not_comparable;
  if (any(RuleVerdict::missing) || any(RuleVerdict::stale)) return DecisionVerdict::missing_evidence;
  for (const RuleResult& rule : rules)
    if (rule.verdict == RuleVerdict::closed)
      return rule.kind == RuleKind::freeze ? DecisionVerdict::frozen : DecisionVerdict::leased;
  if (any(RuleVerdict::waiting)) return DecisionVerdict::waiting;
  return DecisionVerdict::promoted;
}

void add_distinct(std::vector<const Evidence*>& all, const std::vector<const Evidence*>& more) {
  for (const Evidence* one : more)
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
}

struct Judged {
  std::vector<RuleResult> rules;
  std::vector<const Evidence*> selected;  // what they were judged on
};

// Rules on the evidence itself come second, for they look at what the others selected, wherever they stand.
Judged judge_rules(const std::vector<Requirement>& requirements, const Facts& facts,
                                    const Freshness& freshness, Time now) {
  std::vector<Selection> selections(requirements.size());
  std::vector<const Evidence*> selected;
  bool any_key = false;
  for (std::size_t i = 0; i < requirements.size(); ++i) {
    if (requirements[i].kind == RuleKind::evidence) continue;
    any_key = any_key || requirements[i].key.has_value();
    selections[i] = select(requirements[i], facts, freshness, now);
    add_distinct(selected, selections[i].evidence);
  }
  if (!any_key)
    if (const Evidence* newest = newest_evaluation(facts, freshness.level)) selected = {newest};
  std::vector<RuleResult> results;
  for (std::size_t i = 0; i < requirements.size(); ++i) {
    if (requirements[i].kind == RuleKind::evidence)
      selections[i] = select_among(requirements[i], selected, facts, now);
    results.push_back(decide(requirements[i], selections[i], facts, freshness.level));
  }
  return {std::move(results), std::move(selected)};
}

}  // namespace

Decision judge(const Policy& policy, const Facts& facts, Time now) {
  std::vector<Requirement> requirements = policy.requirements();
  for (Requirement& requirement : requirements)
    if (requirement.kind != RuleKind::from) requirement.stage = policy.stage().text();
  Decision decision{.namespace_ = facts.namespace_,
                    .model = facts.model,
                    .stage = policy.stage().text(),
                    .candidate = facts.candidate,
                    .champion = facts.champion,
                    .at = now};
  Judged judged = judge_rules(requirements, facts, policy.freshness(), now);
  if (policy.approvals().count > 0)
    decision.approval_binding = approval_binding(facts.candidate.digest, policy.digest(), judged.selected);
  decision.rules = std::move(judged.rules);
  for (RuleResult& result : judge_standing(policy, facts, decision.approval_binding, now)) decision.rules.push_back(std::move(result));
  if (facts.force) apply_force(decision.rules);
  decision.forced = std::any_of(decision.rules.begin(), decision.rules.end(),
                                [](const RuleResult& rule) { return rule.verdict == RuleVerdict::forced; });
  decision.verdict = conclude(decision.rules);
  decision.changed = decision.verdict == DecisionVerdict::promoted;
  decision.summary = summarize(decision);
  return decision;
}

}  // namespace assay
