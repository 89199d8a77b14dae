// SPDX-License-Identifier: Apache-2.0
// Nothing passes by absence: whatever is not found, has no number, is too old or unlike ends as a gap here.
#include "registry/domain/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "registry/domain/nearest.h"

namespace assay {
namespace {

using namespace std::chrono_literals;

// Clocks of one machine step back by less when they are corrected; a record from further ahead is not
// believed.
constexpr Duration kClockStep = 5min;

// A metric row where it stands.
struct Measured {
  const Evidence* evidence;
  const MetricRow* row;
};

Selection gap(RuleVerdict verdict, std::string reason, std::string remedy,
              std::vector<const Evidence*> evidence = {}) {
  return {.outcome = Selection::Outcome::gap,
          .gap = verdict,
          .reason = std::move(reason),
          .remedy = std::move(remedy),
          .evidence = std::move(evidence)};
}

bool on_slice(const Evidence& evidence, const MetricRow& row, const std::string& slice) {
  if (evidence.slice.empty()) return row.slice == slice;
  return row.slice.empty() && evidence.slice == slice;
}

bool is_evaluation(const Evidence& evidence, const Digest& model) {
  return evidence.kind == EvidenceKind::evaluation && evidence.model == model;
}

const std::vector<MetricRow>* metrics(const Evidence& evidence) {
  return std::get_if<std::vector<MetricRow>>(&evidence.rows);
}

const MetricRow* find_metric(const Evidence& evidence, const std::string& name, const std::string& slice) {
  const auto* rows = metrics(evidence);
  if (rows == nullptr) return nullptr;
  const auto found = std::find_if(rows->begin(), rows->end(), [&](const MetricRow& row) {
    return row.name == name && on_slice(evidence, row, slice);
  });
  return found == rows->end() ? nullptr : &*found;
}

// In the order recorded, so that the newest is last.
std::vector<Measured> measured(const Requirement& requirement, const Facts& facts, const Digest& model,
                               Level level) {
  std::vector<Measured> out;
  for (const Evidence& evidence : facts.evidence) {
    if (!is_evaluation(evidence, model) || evidence.level < level) continue;
    if (!requirement.key->dataset || evidence.dataset != *requirement.key->dataset) continue;
    const MetricRow* row = find_metric(evidence, requirement.field, requirement.key->slice);
    if (row != nullptr) out.push_back({&evidence, row});
  }
  return out;
}

bool stale(const Evidence& evidence, const Freshness& freshness, Time now) {
  if (!freshness.max_age) return false;
  return now - evidence.created_at > *freshness.max_age || evidence.created_at > now + kClockStep;
}

bool finite(const std::optional<double>& value) {
  return value && std::isfinite(*value);
}

std::string where(const EvidenceKey& key) {
  return key.slice.empty() ? key.dataset_reference
                           : fmt::format("slice {} of {}", key.slice, key.dataset_reference);
}

Selection stale_gap(const Evidence& evidence, const std::string& whose, const Freshness& freshness,
                    Time now) {
  const std::string age = evidence.created_at > now ? "from the future by the server's clock"
                                                    : rough_duration(now - evidence.created_at) + " old";
  return gap(
      RuleVerdict::stale,
      fmt::format("the {} is {}, and at most {} is allowed", whose, age, format_duration(*freshness.max_age)),
      "it would pass the age check when measured again now", {&evidence});
}

// Why a version has no usable number, in the order in which a person would look.
Selection missing_gap(const Requirement& requirement, const Facts& facts, const VersionMark& version,
                      Level level) {
  const EvidenceKey& key = *requirement.key;
  const std::string name = version_text(facts, version);
  if (!key.dataset)
    return gap(RuleVerdict::missing,
               fmt::format("the policy does not say which bytes {} is", key.dataset_reference),
               "set the policy again");
  std::vector<std::string> other_metrics;
  for (const Evidence& evidence : facts.evidence) {
    if (!is_evaluation(evidence, version.digest) || evidence.dataset != *key.dataset) continue;
    if (find_metric(evidence, requirement.field, key.slice) != nullptr)
      return gap(RuleVerdict::missing,
                 fmt::format("{} on {} of {} is only {}, and {} evidence is required", requirement.field,
                             where(key), name, to_text(evidence.level), to_text(level)),
                 fmt::format("it needs an evaluation of level {}", to_text(level)), {&evidence});
    for (const MetricRow& row : *metrics(evidence)) other_metrics.push_back(row.name);
  }
  if (!other_metrics.empty())
    return gap(
        RuleVerdict::missing,
        fmt::format("{} was evaluated on {}, but no record has {} of {}{}", name, key.dataset_reference,
                    requirement.field, where(key), did_you_mean(requirement.field, other_metrics)),
        fmt::format("it needs an evaluation that reports {}", requirement.field));
  return gap(RuleVerdict::missing, fmt::format("{} has no evaluation on {}", name, key.dataset_reference),
             fmt::format("it needs one: assay evaluate {} --data {}", name, key.dataset_reference));
}

Selection no_number_gap(const Requirement& requirement, const std::string& whose, const Evidence& evidence) {
  return gap(RuleVerdict::missing, fmt::format("{} of {} is not a number", requirement.field, whose),
             "it needs an evaluation that gives one", {&evidence});
}

Selection select_metric(const Requirement& requirement, const Facts& facts, const Freshness& freshness,
                        Time now) {
  const auto records = measured(requirement, facts, facts.candidate.digest, freshness.level);
  if (records.empty()) return missing_gap(requirement, facts, facts.candidate, freshness.level);
  const Measured& newest = records.back();
  if (stale(*newest.evidence, freshness, now))
    return stale_gap(*newest.evidence, "newest evaluation", freshness, now);
  if (!finite(newest.row->value))
    return no_number_gap(requirement, version_text(facts, facts.candidate), *newest.evidence);
  return {.candidate = newest.row->value,
          .bound = requirement.bound,
          .comparator = requirement.comparator,
          .n = newest.row->n,
          .evidence = {newest.evidence}};
}

// What differs between two records of one metric on one dataset; empty when they may be compared.
std::string difference(const Measured& left, const Measured& right) {
  const Evidence& a = *left.evidence;
  const Evidence& b = *right.evidence;
  std::vector<std::string> out;
  if (a.dataset != b.dataset)
    out.push_back(fmt::format("dataset {} against {}", a.dataset.short_text(), b.dataset.short_text()));
  if (a.slice != b.slice || left.row->slice != right.row->slice) out.emplace_back("the slice");
  if (a.plugin.digest != b.plugin.digest || a.plugin.component != b.plugin.component)
    out.push_back(fmt::format("evaluator {} {} ({}) against {} {} ({})", a.plugin.name, a.plugin.version,
                              a.plugin.digest.short_text(), b.plugin.name, b.plugin.version,
                              b.plugin.digest.short_text()));
  if (a.config.digest != b.config.digest) out.emplace_back("the evaluator's config");
  if (a.seed != b.seed) out.push_back(fmt::format("seed {} against {}", a.seed, b.seed));
  if (left.row->higher_is_better != right.row->higher_is_better)
    out.emplace_back("which direction is better");
  return fmt::format("{}", fmt::join(out, ", "));
}

struct Pair {
  Measured candidate;
  Measured champion;
};

// Newest first. Within one way of evaluating (what difference() looks at) only the last record of each side
// counts: a correction supersedes.
std::vector<Pair> comparable_pairs(const std::vector<Measured>& candidates,
                                   const std::vector<Measured>& champions) {
  std::vector<Pair> out;
  for (auto candidate = candidates.rbegin(); candidate != candidates.rend(); ++candidate) {
    const bool superseded = std::any_of(candidates.rbegin(), candidate, [&](const Measured& later) {
      return difference(later, *candidate).empty();
    });
    if (superseded) continue;
    const auto champion = std::find_if(champions.rbegin(), champions.rend(), [&](const Measured& other) {
      return difference(*candidate, other).empty();
    });
    if (champion != champions.rend()) out.push_back({*candidate, *champion});
  }
  return out;
}

// The champion was never measured where the rule looks: unlike when it was measured elsewhere, else missing.
Selection champion_gap(const Requirement& requirement, const Facts& facts, const Measured& candidate,
                       Level level) {
  const std::string name = version_text(facts, *facts.champion);
  for (auto evidence = facts.evidence.rbegin(); evidence != facts.evidence.rend(); ++evidence) {
    if (!is_evaluation(*evidence, facts.champion->digest) || evidence->level < level) continue;
    for (const MetricRow& row : *metrics(*evidence)) {
      if (row.name != requirement.field) continue;
      return gap(RuleVerdict::not_comparable,
                 fmt::format("the champion {} has {} only from an unlike evaluation ({})", name,
                             requirement.field, difference(candidate, {&*evidence, &row})),
                 fmt::format("evaluate {} as the candidate was, on {}", name, where(*requirement.key)),
                 {candidate.evidence, &*evidence});
    }
  }
  Selection missing = missing_gap(requirement, facts, *facts.champion, level);
  missing.reason = "the champion " + missing.reason;
  missing.evidence.push_back(candidate.evidence);
  return missing;
}

Selection compare_with_champion(const Requirement& requirement, const Pair& pair) {
  // "Better by the margin" is upwards or downwards, as the evaluator says of its metric.
  const double champion = *pair.champion.row->value;
  const bool up = pair.candidate.row->higher_is_better;
  return {.candidate = pair.candidate.row->value,
          .champion = champion,
          .bound = up ? champion + requirement.bound : champion - requirement.bound,
          .comparator = up ? Comparator::at_least : Comparator::at_most,
          .n = pair.candidate.row->n,
          .evidence = {pair.candidate.evidence, pair.champion.evidence}};
}

Selection judge_pair(const Requirement& requirement, const Facts& facts, const Freshness& freshness, Time now,
                     const Pair& pair) {
  for (const Measured* side : {&pair.candidate, &pair.champion}) {
    const bool candidate = side == &pair.candidate;
    if (stale(*side->evidence, freshness, now))
      return stale_gap(*side->evidence, candidate ? "candidate's evaluation" : "champion's evaluation",
                       freshness, now);
    if (!finite(side->row->value))
      return no_number_gap(requirement, version_text(facts, candidate ? facts.candidate : *facts.champion),
                           *side->evidence);
  }
  Selection out = compare_with_champion(requirement, pair);
  if (std::isfinite(*out.bound)) return out;
  return gap(RuleVerdict::missing, "the champion's value and the margin add up to no number",
             "lower the margin", out.evidence);
}

Selection select_champion(const Requirement& requirement, const Facts& facts, const Freshness& freshness,
                          Time now) {
  const auto candidates = measured(requirement, facts, facts.candidate.digest, freshness.level);
  if (!facts.champion) {
    Selection out{.outcome = Selection::Outcome::waived,
                  .reason = fmt::format("{} has no champion yet, so there is nothing to compare {} with",
                                        requirement.stage, requirement.field)};
    if (!candidates.empty()) out.evidence = {candidates.back().evidence};
    return out;
  }
  if (candidates.empty()) return missing_gap(requirement, facts, facts.candidate, freshness.level);
  const auto champions = measured(requirement, facts, facts.champion->digest, freshness.level);
  if (champions.empty()) return champion_gap(requirement, facts, candidates.back(), freshness.level);
  const auto pairs = comparable_pairs(candidates, champions);
  if (pairs.empty())
    return gap(RuleVerdict::not_comparable,
               fmt::format("the evaluations of {} and of the champion {} are unlike ({})",
                           version_text(facts, facts.candidate), version_text(facts, *facts.champion),
                           difference(candidates.back(), champions.back())),
               "evaluate both in the same way", {candidates.back().evidence, champions.back().evidence});
  const auto fresh = std::find_if(pairs.begin(), pairs.end(), [&](const Pair& pair) {
    return !stale(*pair.candidate.evidence, freshness, now) &&
           !stale(*pair.champion.evidence, freshness, now);
  });
  return judge_pair(requirement, facts, freshness, now, fresh == pairs.end() ? pairs.front() : *fresh);
}

Selection select_validation(const Requirement& requirement, const Facts& facts, const Freshness& freshness,
                            Time now) {
  const EvidenceKey& key = *requirement.key;
  const auto newest =
      std::find_if(facts.evidence.rbegin(), facts.evidence.rend(), [&](const Evidence& evidence) {
        return evidence.kind == EvidenceKind::validation && key.dataset && evidence.dataset == *key.dataset &&
               evidence.slice.empty() && evidence.level >= freshness.level;
      });
  if (newest == facts.evidence.rend())
    return gap(
        RuleVerdict::missing,
        fmt::format("{} has no validation of level {}", key.dataset_reference, to_text(freshness.level)),
        fmt::format("it needs one: assay validate {}", key.dataset_reference));
  if (stale(*newest, freshness, now)) return stale_gap(*newest, "newest validation", freshness, now);
  const auto* findings = std::get_if<std::vector<FindingRow>>(&newest->rows);
  if (findings == nullptr)
    return gap(RuleVerdict::missing, "the newest validation holds no findings table", "validate again",
               {&*newest});
  const auto count = std::count_if(findings->begin(), findings->end(),
                                   [&](const FindingRow& row) { return row.severity >= key.severity; });
  return {.candidate = static_cast<double>(count),
          .bound = requirement.bound,
          .comparator = requirement.comparator,
          .evidence = {&*newest}};
}

Selection select_from(const Requirement& requirement, const Facts& facts) {
  if (!facts.from_holder) {
    Selection out =
        gap(RuleVerdict::fail, fmt::format("{} holds no version", requirement.stage),
            fmt::format("promote {} to {} first", version_text(facts, facts.candidate), requirement.stage));
    out.candidate = static_cast<double>(facts.candidate.number);
    return out;
  }
  return {.candidate = static_cast<double>(facts.candidate.number),
          .bound = static_cast<double>(facts.from_holder->number),
          .comparator = Comparator::equal};
}

}  // namespace

std::string version_text(const Facts& facts, const VersionMark& version) {
  return fmt::format("{}@{}", facts.model, version.number);
}

Selection select(const Requirement& requirement, const Facts& facts, const Freshness& freshness, Time now) {
  switch (requirement.kind) {
    case RuleKind::from:
      return select_from(requirement, facts);
    case RuleKind::champion:
      return select_champion(requirement, facts, freshness, now);
    case RuleKind::validation:
      return select_validation(requirement, facts, freshness, now);
    case RuleKind::metric:
    case RuleKind::evidence:
      break;
  }
  return select_metric(requirement, facts, freshness, now);
}

Selection select_among(const Requirement& requirement, const std::vector<const Evidence*>& selected,
                       const Facts& facts, Time now) {
  if (selected.empty())
    return gap(RuleVerdict::missing, "there is no evidence of the level required that it could be asked of",
               fmt::format("evaluate {} first", version_text(facts, facts.candidate)));
  Selection out{.bound = requirement.bound, .comparator = requirement.comparator, .evidence = selected};
  if (requirement.field == "level") {
    Level lowest = Level::attested;
    for (const Evidence* evidence : selected) lowest = std::min(lowest, evidence->level);
    out.candidate = static_cast<double>(lowest);
    return out;
  }
  Duration oldest{0};
  for (const Evidence* evidence : selected) {
    if (evidence->created_at > now + kClockStep)
      return gap(RuleVerdict::stale, "some evidence is from the future by the server's clock",
                 "set the clock right, or measure again", selected);
    oldest = std::max(oldest, Duration(now - evidence->created_at));
  }
  out.candidate = static_cast<double>(oldest.count()) / 1000.0;
  return out;
}

const Evidence* newest_evaluation(const Facts& facts, Level level) {
  const auto found =
      std::find_if(facts.evidence.rbegin(), facts.evidence.rend(), [&](const Evidence& evidence) {
        return is_evaluation(evidence, facts.candidate.digest) && evidence.level >= level;
      });
  return found == facts.evidence.rend() ? nullptr : &*found;
}

}  // namespace assay
