// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

namespace assay {
namespace {

// Six digits, unless they would hide that two numbers differ.
struct Readable {
  std::string value;
  std::string bound;
};
Readable readable(double value, double bound) {
  Readable out{fmt::format("{:.6g}", value), fmt::format("{:.6g}", bound)};
  if (out.value == out.bound && value != bound) return {fmt::format("{}", value), fmt::format("{}", bound)};
  return out;
}

// The distance in three digits, or as many more as it takes to be no shorter than it is: whoever moves by what is
// written here gets there.
std::string at_least_as_far(double from, double to) {
  const double sign = to < from ? -1 : 1;
  const double distance = std::fabs(to - from);
  for (int digits = 3; digits <= 17; ++digits) {
    const double unit = std::pow(10.0, std::floor(std::log10(distance)) - (digits - 1));
    for (const double add : {0.0, unit}) {
      std::string text = fmt::format("{:.{}g}", distance + add, digits);
      const double reached = from + sign * std::strtod(text.c_str(), nullptr);
      if (sign > 0 ? reached >= to : reached <= to) return text;
    }
  }
  return fmt::format("{}", std::nextafter(distance, INFINITY));
}

// How far the value is from the bound, and to which side the verdict flips.
std::string flip(const Selection& selection, bool passes) {
  const double value = *selection.candidate, bound = *selection.bound;
  const bool up = selection.comparator != Comparator::at_most;
  const char* bad_side = up ? "lower" : "higher";
  if (!passes && value == bound) return "it would pass anywhere above";
  if (!passes) return fmt::format("it would pass {} {}", at_least_as_far(value, bound), up ? "higher" : "lower");
  if (value == bound) return fmt::format("anything {} would fail", bad_side);
  return fmt::format("it would fail when more than {} {}", at_least_as_far(value, bound), bad_side);
}

std::string place(const EvidenceKey& key) {
  if (!key.slice.empty()) return fmt::format("{} (slice {})", key.dataset_reference, key.slice);
  return key.by.empty() ? key.dataset_reference : fmt::format("{} (by {})", key.dataset_reference, key.by);
}

std::string_view relation(Comparator comparator, bool passes) {
  if (comparator == Comparator::at_least) return passes ? "at least" : "below";
  if (comparator == Comparator::above) return passes ? "above" : "not above";
  return passes ? "at most" : "above";
}

std::string explain_metric(const Requirement& requirement, const Selection& selection, bool passes,
                           const Facts& facts) {
  const Readable shown = readable(*selection.candidate, *selection.bound);
  return fmt::format("{} of {} on {} is {} over {} rows, {} {}; {}", requirement.field,
                     version_text(facts, facts.candidate), place(*requirement.key), shown.value,
                     selection.n.value_or(0), relation(selection.comparator, passes), shown.bound,
                     flip(selection, passes));
}

std::string explain_champion(const Requirement& requirement, const Selection& selection, bool passes,
                             const Facts& facts) {
  const Readable shown = readable(*selection.candidate, *selection.bound);
  const double lead = selection.comparator == Comparator::at_least
                          ? *selection.candidate - *selection.champion
                          : *selection.champion - *selection.candidate;
  const std::string other_way = passes ? "" : fmt::format(", or with a margin of {:.6g}", lead);
  return fmt::format(
      "{} of {} on {} is {} over {} rows against {:.6g} of the champion {}, {} the {} asked with "
      "margin {:.6g}; {}{}",
      requirement.field, version_text(facts, facts.candidate), place(*requirement.key), shown.value,
      selection.n.value_or(0), *selection.champion, version_text(facts, *facts.champion),
      relation(selection.comparator, passes), shown.bound, requirement.bound, flip(selection, passes),
      other_way);
}

std::string explain_slices(const Requirement& requirement, const Selection& selection, bool passes,
                           const Facts& facts) {
  Requirement worst = requirement;
  worst.key->slice = selection.slice;
  return fmt::format("the worst of {} slice(s): {}", selection.slices,
                     explain_champion(worst, selection, passes, facts));
}

std::string percent(double share) {
  return fmt::format("{:.6g} %", 100 * share);
}

// "is better than the champion churn@3's by 0.012": what the comparison says itself.
std::string told(const Requirement& requirement, const Selection& selection, const Facts& facts) {
  const std::string whose = requirement.kind == RuleKind::baseline
                                ? fmt::format("that of a model that {} trained", requirement.beats)
                                : fmt::format("that of the champion {}", version_text(facts, *facts.champion));
  EvidenceKey at = *requirement.key;
  if (!at.by.empty()) at.slice = selection.slice;
  return fmt::format("{} of {} on {} is {} than {} by {:.6g} over {} rows", requirement.field,
                     version_text(facts, facts.candidate), place(at), *selection.lead < 0 ? "worse" : "better",
                     whose, std::fabs(*selection.lead), selection.n.value_or(0));
}

std::string explain_tested(const Requirement& requirement, const Selection& selection, bool passes,
                           const Facts& facts) {
  const Readable shown = readable(*selection.candidate, *selection.bound);
  const std::string other_way = passes || requirement.base != BoundBase::champion
                                    ? ""
                                    : fmt::format(", or with a margin of {:.6g}", *selection.candidate);
  return fmt::format("{}; the worse end of the interval of {} or more is {}, {} {}; {}{}",
                     told(requirement, selection, facts), percent(requirement.confidence), shown.value,
                     relation(selection.comparator, passes), shown.bound, flip(selection, passes), other_way);
}

std::string explain_corrected(const Requirement& requirement, const Selection& selection, bool passes,
                              const Facts& facts) {
  const Readable shown = readable(*selection.candidate, *selection.bound);
  const std::string others = selection.others.empty() ? "" : "; worse as well: " + selection.others;
  return fmt::format("the worst of {} slice(s): {}; with the luck that {} grants one of so many (Holm) it is {}, {} the "
                     "margin {}; {}{}",
                     selection.slices, told(requirement, selection, facts), percent(1 - requirement.confidence),
                     shown.value, relation(selection.comparator, passes), shown.bound, flip(selection, passes), others);
}

std::string explain_drift(const Selection& selection, bool passes, const Facts& facts) {
  const std::string name = version_text(facts, facts.candidate);
  if (passes) return fmt::format("the newest drift report on {} finds nothing drifted; one column would fail it", name);
  return fmt::format("the newest drift report on {} has {} drifted row(s), the first of column {}; it would pass with "
                     "none",
                     name, *selection.candidate, selection.slice);
}

std::string explain_validation(const Requirement& requirement, const Selection& selection, bool passes) {
  const std::string severity = requirement.key->severity == Severity::error
                                   ? "error"
                                   : fmt::format("{} or worse", to_text(requirement.key->severity));
  if (passes)
    return fmt::format("the newest validation of {} has no finding of severity {}; one would fail it",
                       requirement.key->dataset_reference, severity);
  return fmt::format("the newest validation of {} has {} finding(s) of severity {}; it would pass with none",
                     requirement.key->dataset_reference, *selection.candidate, severity);
}

std::string explain_evidence(const Requirement& requirement, const Selection& selection, bool passes) {
  if (requirement.field == "level")
    return fmt::format("all {} record(s) are of level {} or better, {} is required; one below would fail it",
                       selection.evidence.size(), to_text(static_cast<Level>(*selection.candidate)),
                       to_text(static_cast<Level>(requirement.bound)));
  const auto span = [](double seconds) {
    return rough_duration(Duration(static_cast<std::int64_t>(seconds * 1000.0)));
  };
  const std::string left = span(std::fabs(requirement.bound - *selection.candidate));
  return fmt::format(
      "the oldest of {} record(s) is {} old, {} {}; {}", selection.evidence.size(),
      span(*selection.candidate), relation(Comparator::at_most, passes), span(requirement.bound),
      passes ? "it goes stale in " + left : "it would pass had it been measured " + left + " later");
}

std::string explain_from(const Requirement& requirement, bool passes, const Facts& facts) {
  const std::string candidate = version_text(facts, facts.candidate);
  if (passes)
    return fmt::format("{} is what {} holds; it would fail once {} moves on", candidate, requirement.stage,
                       requirement.stage);
  return fmt::format("{} holds {}, not {}; it would pass once {} is promoted to {}", requirement.stage,
                     version_text(facts, *facts.from_holder), candidate, candidate, requirement.stage);
}

std::string_view ending(DecisionVerdict verdict, bool one) {
  switch (verdict) {
    case DecisionVerdict::missing_evidence:
      return one ? "has no fresh evidence" : "have no fresh evidence";
    case DecisionVerdict::not_comparable:
      return "cannot be compared";
    case DecisionVerdict::frozen:
    case DecisionVerdict::leased:
      return one ? "holds it back" : "hold it back";
    case DecisionVerdict::waiting:
      return one ? "waits for people" : "wait for people";
    default:
      return one ? "fails" : "fail";
  }
}

// What made the decision: the verdicts that a rule must have to be named in the summary.
bool decisive(DecisionVerdict decision, RuleVerdict rule) {
  switch (decision) {
    case DecisionVerdict::missing_evidence:
      return rule == RuleVerdict::missing || rule == RuleVerdict::stale;
    case DecisionVerdict::not_comparable:
      return rule == RuleVerdict::not_comparable;
    case DecisionVerdict::frozen:
    case DecisionVerdict::leased:
      return rule == RuleVerdict::closed;
    case DecisionVerdict::waiting:
      return rule == RuleVerdict::waiting;
    default:
      return rule == RuleVerdict::fail;
  }
}

}  // namespace

std::string explain(const Requirement& requirement, const Selection& selection, RuleVerdict verdict,
                    const Facts& facts) {
  if (selection.outcome == Selection::Outcome::gap) return selection.reason + "; " + selection.remedy;
  if (selection.outcome == Selection::Outcome::waived)
    return selection.reason + "; a champion would make it count";
  const bool passes = verdict == RuleVerdict::pass;
  if (selection.lead)
    return requirement.holm ? explain_corrected(requirement, selection, passes, facts)
                            : explain_tested(requirement, selection, passes, facts);
  switch (requirement.kind) {
    case RuleKind::from:
      return explain_from(requirement, passes, facts);
    case RuleKind::problem:
      return fmt::format("{} is predicted, judged by {}; it would fail without that being said", facts.problem->target,
                         facts.problem->primary_metric);
    case RuleKind::artifact:
      return fmt::format("{} has {}; {}", version_text(facts, facts.candidate), requirement.rule,
                         requirement.field == "no_pickle" ? "one would fail it" : "it would fail without");
    case RuleKind::champion:
      return explain_champion(requirement, selection, passes, facts);
    case RuleKind::slices:
      return explain_slices(requirement, selection, passes, facts);
    case RuleKind::cost:
      if (requirement.base == BoundBase::champion) return explain_champion(requirement, selection, passes, facts);
      break;
    case RuleKind::drift:
      return explain_drift(selection, passes, facts);
    case RuleKind::validation:
      return explain_validation(requirement, selection, passes);
    case RuleKind::evidence:
      return explain_evidence(requirement, selection, passes);
    case RuleKind::metric:
    case RuleKind::fairness:
    case RuleKind::latency:
    case RuleKind::baseline:
    case RuleKind::freeze:  // these three speak for themselves: standing.cc
    case RuleKind::lease:
    case RuleKind::approvals:
      break;
  }
  return explain_metric(requirement, selection, passes, facts);
}

std::string summarize(const Decision& decision) {
  const std::string version = fmt::format("{}@{}", decision.model, decision.candidate.number);
  if (decision.verdict == DecisionVerdict::promoted) {
    if (decision.rules.empty())
      return fmt::format("promoted: {} enters {}, which has no rules: nothing was checked", version,
                         decision.stage);
    if (decision.forced) return fmt::format("promoted by force: {} enters {}", version, decision.stage);
    return fmt::format("promoted: {} enters {}: all {} checks pass", version, decision.stage,
                       decision.rules.size());
  }
  std::vector<std::string> named;
  for (const RuleResult& rule : decision.rules)
    if (decisive(decision.verdict, rule.verdict)) named.push_back(rule.rule);
  return fmt::format("{}: {} stays out of {}: {} of {} checks {} ({})", to_text(decision.verdict), version,
                     decision.stage, named.size(), decision.rules.size(), ending(decision.verdict, named.size() == 1),
                     fmt::join(named, "; "));
}

}  // namespace assay
