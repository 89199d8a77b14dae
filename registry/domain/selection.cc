// SPDX-License-Identifier: Apache-2.0
// Nothing passes by absence: whatever is not found, has no number, is too old or unlike ends as a gap here.
#include "registry/domain/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "registry/domain/latency.h"
#include "registry/domain/nearest.h"
#include "registry/domain/paired_selection.h"
#include "registry/domain/reading.h"
#include "registry/domain/selecting.h"

namespace assay {
namespace {

// What a requirement reads, where it stands.
struct Measured {
  const Evidence* evidence;
  Reading reading;
};

bool is_evaluation(const Evidence& evidence, const Digest& model) {
  return evidence.kind == EvidenceKind::evaluation && evidence.model == model;
}

// In the order recorded, so that the newest is last.
std::vector<Measured> measured(const Requirement& requirement, const Facts& facts, const Digest& model,
                               Level level) {
  std::vector<Measured> out;
  for (const Evidence& evidence : facts.evidence) {
    if (!is_evaluation(evidence, model) || !discounted(requirement, facts, level, evidence).empty()) continue;
    if (!requirement.key->dataset || evidence.dataset != *requirement.key->dataset) continue;
    if (auto reading = read_evaluation(requirement, evidence)) out.push_back({&evidence, *std::move(reading)});
  }
  return out;
}

std::string where(const EvidenceKey& key) {
  if (!key.by.empty()) return fmt::format("the slices by {} of {}", key.by, key.dataset_reference);
  return key.slice.empty() ? key.dataset_reference
                           : fmt::format("slice {} of {}", key.slice, key.dataset_reference);
}

// What the command that evaluates must be told.
std::string how_measured(const Requirement& requirement, Level level) {
  std::string out;
  if (const auto rows = rows_of_batch(requirement.key->slice); rows && requirement.kind == RuleKind::latency)
    out += fmt::format(" --latency --batch {}", *rows);
  if (level == Level::attested) out += " --on server";
  return out;
}

// What an evaluation must bring.
std::string needs(const Requirement& requirement) {
  const std::string& by = requirement.key->by;
  const bool counts = requirement.kind == RuleKind::cost || requirement.kind == RuleKind::fairness;
  if (const std::string how = how_measured(requirement, Level::reported); !how.empty())
    return fmt::format("it needs an evaluation that reports {} (assay evaluate{})", requirement.field, how);
  return fmt::format("it needs an evaluation that reports {}{}", counts ? "tp, fp, fn and tn" : requirement.field,
                     by.empty() ? "" : fmt::format(" for each {} (assay evaluate --by {})", by, by));
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
    if (read_evaluation(requirement, evidence))
      return gap(RuleVerdict::missing,
                 fmt::format("{} on {} of {} {}", requirement.field, where(key), name,
                             discounted(requirement, facts, level, evidence)),
                 fmt::format("it needs another evaluation, of level {}{}{}", to_text(level),
                             key.plugin.empty() ? "" : " by " + key.plugin,
                             level == Level::attested ? ": assay evaluate" + how_measured(requirement, level) : ""),
                 {&evidence});
    if (const auto* rows = std::get_if<std::vector<MetricRow>>(&evidence.rows))
      for (const MetricRow& row : *rows) other_metrics.push_back(row.name);
  }
  if (!other_metrics.empty())
    return gap(
        RuleVerdict::missing,
        fmt::format("{} was evaluated on {}, but no record has {} of {}{}", name, key.dataset_reference,
                    requirement.field, where(key), did_you_mean(requirement.field, other_metrics)),
        needs(requirement));
  return gap(RuleVerdict::missing, fmt::format("{} has no evaluation on {}", name, key.dataset_reference),
             fmt::format("it needs one: assay evaluate {} --data {}{}", name, key.dataset_reference,
                         how_measured(requirement, level)));
}

Selection no_number_gap(const Requirement& requirement, const std::string& whose, const Measured& at) {
  const std::string why = at.reading.why.empty() ? "" : ": " + at.reading.why;
  return gap(RuleVerdict::missing, fmt::format("{} of {} is not a number{}", requirement.field, whose, why),
             "it needs an evaluation that gives one", {at.evidence});
}

Selection select_metric(const Requirement& requirement, const Facts& facts, const Freshness& freshness,
                        Time now) {
  const auto records = measured(requirement, facts, facts.candidate.digest, freshness.level);
  if (records.empty()) return missing_gap(requirement, facts, facts.candidate, freshness.level);
  const Measured& newest = records.back();
  if (stale(*newest.evidence, freshness, now))
    return stale_gap(*newest.evidence, "newest evaluation", freshness, now);
  if (!newest.reading.finite())
    return no_number_gap(requirement, version_text(facts, facts.candidate), newest);
  return {.candidate = newest.reading.value,
          .bound = requirement.bound,
          .comparator = requirement.comparator,
          .n = newest.reading.n,
          .evidence = {newest.evidence}};
}

// Whether two records of one metric may be compared: exactly when difference() has nothing to say.
bool alike(const Measured& left, const Measured& right) {
  const Evidence& a = *left.evidence;
  const Evidence& b = *right.evidence;
  return a.dataset == b.dataset && a.slice == b.slice && left.reading.slice == right.reading.slice &&
         a.label == b.label && a.plugin.digest == b.plugin.digest && a.plugin.component == b.plugin.component &&
         a.config.digest == b.config.digest && a.seed == b.seed &&
         left.reading.higher_is_better == right.reading.higher_is_better;
}

// What differs between two records of one metric.
std::string difference(const Measured& left, const Measured& right) {
  const Evidence& a = *left.evidence;
  const Evidence& b = *right.evidence;
  std::vector<std::string> out;
  if (a.dataset != b.dataset)
    out.push_back(fmt::format("dataset {} against {}", a.dataset.short_text(), b.dataset.short_text()));
  if (a.slice != b.slice || left.reading.slice != right.reading.slice) out.emplace_back("the slice");
  if (a.label != b.label) {
    const auto named = [](const std::string& label) { return label.empty() ? "no label" : "label " + label; };
    out.push_back(fmt::format("{} against {}", named(a.label), named(b.label)));
  }
  if (a.plugin.digest != b.plugin.digest || a.plugin.component != b.plugin.component)
    out.push_back(fmt::format("evaluator {} {} ({}) against {} {} ({})", a.plugin.name, a.plugin.version,
                              a.plugin.digest.short_text(), b.plugin.name, b.plugin.version,
                              b.plugin.digest.short_text()));
  if (a.config.digest != b.config.digest) out.emplace_back("the evaluator's config");
  if (a.seed != b.seed) out.push_back(fmt::format("seed {} against {}", a.seed, b.seed));
  if (left.reading.higher_is_better != right.reading.higher_is_better)
    out.emplace_back("which direction is better");
  return fmt::format("{}", fmt::join(out, ", "));
}

struct Pair {
  Measured candidate;
  Measured champion;
};

// Newest first. Within one way of evaluating (what alike() looks at) only the last record of each side
// counts: a correction supersedes.
std::vector<Pair> comparable_pairs(const std::vector<Measured>& candidates,
                                   const std::vector<Measured>& champions) {
  std::vector<Pair> out;
  for (auto candidate = candidates.rbegin(); candidate != candidates.rend(); ++candidate) {
    const bool superseded = std::any_of(candidates.rbegin(), candidate, [&](const Measured& later) {
      return alike(later, *candidate);
    });
    if (superseded) continue;
    const auto champion = std::find_if(champions.rbegin(), champions.rend(), [&](const Measured& other) {
      return alike(*candidate, other);
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
    if (!is_evaluation(*evidence, facts.champion->digest) ||
        !discounted(requirement, facts, level, *evidence).empty())
      continue;
    const auto elsewhere = read_anywhere(requirement, *evidence);
    if (!elsewhere) continue;
    return gap(RuleVerdict::not_comparable,
               fmt::format("the champion {} has {} only from an unlike evaluation ({})", name, requirement.field,
                           difference(candidate, {&*evidence, *elsewhere})),
               fmt::format("evaluate {} as the candidate was, on {}", name, where(*requirement.key)),
               {candidate.evidence, &*evidence});
  }
  Selection missing = missing_gap(requirement, facts, *facts.champion, level);
  missing.reason = "the champion " + missing.reason;
  missing.evidence.push_back(candidate.evidence);
  return missing;
}

Selection compare_with_champion(const Requirement& requirement, const Pair& pair) {
  // "Better by the margin" is upwards or downwards, as the evaluator says of its metric.
  const double champion = *pair.champion.reading.value;
  const bool up = pair.candidate.reading.higher_is_better;
  return {.candidate = pair.candidate.reading.value,
          .champion = champion,
          .bound = up ? champion + requirement.bound : champion - requirement.bound,
          .comparator = up ? Comparator::at_least : Comparator::at_most,
          .n = pair.candidate.reading.n,
          .evidence = {pair.candidate.evidence, pair.champion.evidence}};
}

// The slice in which the candidate falls short most, or what keeps a slice from being judged.
Selection worst_slice(const Requirement& requirement, const Facts& facts, const Pair& pair) {
  const auto candidates = read_slices(requirement, *pair.candidate.evidence);
  const auto champions = read_slices(requirement, *pair.champion.evidence);
  std::set<std::string> names;
  for (const auto* side : {&candidates, &champions})
    for (const auto& [slice, reading] : *side)
      if (reading.n >= requirement.min_rows) names.insert(slice);
  const std::vector<const Evidence*> both = {pair.candidate.evidence, pair.champion.evidence};
  if (names.empty())
    return gap(RuleVerdict::missing,
               fmt::format("no slice by {} has {} rows", requirement.key->by, requirement.min_rows),
               "it needs an evaluation on more rows, or a lower min_rows", both);
  std::optional<Selection> worst;
  double worst_room = 0;
  for (const std::string& slice : names) {
    const auto own = candidates.find(slice), other = champions.find(slice);
    for (const auto& [side, found, end] : {std::tuple(&facts.candidate, own, candidates.end()),
                                           std::tuple(&*facts.champion, other, champions.end())})
      if (found == end || !found->second.finite())
        return gap(RuleVerdict::missing,
                   fmt::format("{} of {} in slice {} is not a number", requirement.field,
                               version_text(facts, *side), slice),
                   "it needs an evaluation that gives one, or a min_rows above that slice's rows", both);
    Selection here = compare_with_champion(
        requirement, {{pair.candidate.evidence, own->second}, {pair.champion.evidence, other->second}});
    const double room = here.comparator == Comparator::at_least ? *here.candidate - *here.bound
                                                                : *here.bound - *here.candidate;
    if (worst && room >= worst_room) continue;
    worst_room = room;
    here.slice = slice;
    here.slices = names.size();
    worst = std::move(here);
  }
  return *std::move(worst);
}

Selection judge_pair(const Requirement& requirement, const Facts& facts, const Freshness& freshness, Time now,
                     const Pair& pair) {
  const bool sliced = requirement.kind == RuleKind::slices;
  for (const Measured* side : {&pair.candidate, &pair.champion}) {
    const bool candidate = side == &pair.candidate;
    if (stale(*side->evidence, freshness, now))
      return stale_gap(*side->evidence, candidate ? "candidate's evaluation" : "champion's evaluation",
                       freshness, now);
    if (!sliced && !side->reading.finite())
      return no_number_gap(requirement, version_text(facts, candidate ? facts.candidate : *facts.champion), *side);
    if (!sliced && side->reading.n < requirement.min_rows)
      return gap(RuleVerdict::missing,
                 fmt::format("the {} rests on {} rows, and the rule asks for {}",
                             candidate ? "candidate's evaluation" : "champion's evaluation", side->reading.n,
                             requirement.min_rows),
                 "it needs an evaluation on more rows", {side->evidence});
  }
  Selection out = sliced ? worst_slice(requirement, facts, pair) : compare_with_champion(requirement, pair);
  if (out.outcome != Selection::Outcome::comparable) return out;
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
               evidence.slice.empty() && discounted(requirement, facts, freshness.level, evidence).empty();
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

Selection select_drift(const Requirement& requirement, const Facts& facts, Freshness freshness, Time now) {
  freshness.max_age = std::min(requirement.window, freshness.max_age.value_or(requirement.window));
  const std::string name = version_text(facts, facts.candidate);
  const Evidence* newest = nullptr;
  std::string why;
  for (const Evidence& evidence : facts.evidence) {
    if (evidence.kind != EvidenceKind::drift || evidence.model != facts.candidate.digest) continue;
    if (std::string reason = discounted(requirement, facts, freshness.level, evidence); reason.empty())
      newest = &evidence;
    else
      why = std::move(reason);
  }
  if (newest == nullptr)
    return gap(RuleVerdict::missing,
               why.empty() ? fmt::format("{} has no drift report", name)
                           : fmt::format("the drift report on {} {}", name, why),
               fmt::format("it needs one: assay drift {} --data DATASET", name));
  if (stale(*newest, freshness, now)) return stale_gap(*newest, "newest drift report", freshness, now);
  const auto* rows = std::get_if<std::vector<DriftRow>>(&newest->rows);
  if (rows == nullptr || rows->empty())
    return gap(RuleVerdict::missing, "the newest drift report holds no rows", "measure again", {newest});
  Selection out{.bound = requirement.bound, .comparator = requirement.comparator, .evidence = {newest}};
  std::int64_t drifted = 0;
  for (const DriftRow& row : *rows) {
    if (!row.drifted) continue;
    if (drifted++ == 0) out.slice = row.column;
  }
  out.candidate = static_cast<double>(drifted);
  return out;
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

Selection pickle_gap(const std::string& version, const std::optional<std::vector<ArtifactFacts::Suspect>>& suspects) {
  if (!suspects) return gap(RuleVerdict::fail, fmt::format("nobody has looked into {}", version), "push it again");
  const ArtifactFacts::Suspect& first = suspects->front();
  const bool sure = first.content.pickle == FileContent::Answer::yes;
  const std::string others = suspects->size() > 1 ? fmt::format(", and {} more file(s)", suspects->size() - 1) : "";
  return gap(RuleVerdict::fail,
             fmt::format("{} of {} {} a pickle ({}){}", first.path, version, sure ? "is or holds" : "may hold",
                         fmt::join(first.content.reasons, "; "), others),
             sure ? "it would pass without: save the weights as safetensors and push those"
                  : "it would pass in a format that is known to hold none, such as safetensors");
}

bool is_signed(const Requirement& requirement, const ArtifactFacts& artifact) {
  return std::any_of(artifact.signers.begin(), artifact.signers.end(), [&](const ArtifactFacts::Signer& signer) {
    return std::any_of(requirement.keys.begin(), requirement.keys.end(),
                       [&](const std::string& key) { return lower_case(signer.key) == lower_case(key); });
  });
}

Selection signature_gap(const Requirement& requirement, const Facts& facts) {
  const std::string keys = fmt::format("{}", fmt::join(requirement.keys, " or "));
  return gap(RuleVerdict::missing,
             fmt::format("{} has no valid signature by {}", version_text(facts, facts.candidate), keys),
             fmt::format("it would pass after: assay sign {} --key FILE, with the private key of {}",
                         reference_text(facts, facts.candidate), keys));
}

// What is asked of the version or its model themselves.
Selection select_property(const Requirement& requirement, const Facts& facts) {
  const std::string version = version_text(facts, facts.candidate);
  const ArtifactFacts artifact = facts.artifact.value_or(ArtifactFacts{});
  if (requirement.field == "problem" && !facts.problem)
    return gap(RuleVerdict::missing, fmt::format("nobody has said what {} is for", facts.model),
               fmt::format("it would pass after: assay problem set {} FILE", facts.model));
  if (requirement.field == "card" && !artifact.card)
    return gap(RuleVerdict::fail, fmt::format("{} has no README.md", version),
               "it would pass with one: push it, or train, with --card README.md");
  if (requirement.field == "lineage" && !artifact.lineage_gap.empty())
    return gap(RuleVerdict::fail, artifact.lineage_gap,
               "it would pass if every step up to it were a recorded run: assay train records one");
  if (requirement.field == "no_pickle" && (!artifact.suspects || !artifact.suspects->empty()))
    return pickle_gap(version, artifact.suspects);
  if (requirement.field == "signed_by" && !is_signed(requirement, artifact))
    return signature_gap(requirement, facts);
  return {.candidate = 1, .bound = 1, .comparator = Comparator::equal};
}

}  // namespace

std::string version_text(const Facts& facts, const VersionMark& version) {
  return fmt::format("{}@{}", facts.model, version.number);
}

Selection select(const Requirement& requirement, const Facts& facts, const Freshness& freshness, Time now) {
  if (requirement.key && requirement.key->kind == EvidenceKind::comparison)
    return select_comparison(requirement, facts, freshness, now);
  switch (requirement.kind) {
    case RuleKind::from:
      return select_from(requirement, facts);
    case RuleKind::problem:
    case RuleKind::artifact:
      return select_property(requirement, facts);
    case RuleKind::champion:
    case RuleKind::slices:
      return select_champion(requirement, facts, freshness, now);
    case RuleKind::cost:
      return requirement.base == BoundBase::champion ? select_champion(requirement, facts, freshness, now)
                                                     : select_metric(requirement, facts, freshness, now);
    case RuleKind::drift:
      return select_drift(requirement, facts, freshness, now);
    case RuleKind::validation:
      return select_validation(requirement, facts, freshness, now);
    case RuleKind::metric:
    case RuleKind::fairness:
    case RuleKind::latency:
    case RuleKind::baseline:
    case RuleKind::evidence:
    case RuleKind::freeze:  // standing.cc
    case RuleKind::lease:
    case RuleKind::approvals:
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
        return is_evaluation(evidence, facts.candidate.digest) && evidence.level >= level &&
               !facts.revoked.contains(evidence.plugin.digest);
      });
  return found == facts.evidence.rend() ? nullptr : &*found;
}

}  // namespace assay
