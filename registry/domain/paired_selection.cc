// SPDX-License-Identifier: Apache-2.0
// Nothing passes by absence here either: a comparison of another champion, with too little confidence, on too few rows
// or without an interval is a gap.
#include "registry/domain/paired_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "registry/domain/nearest.h"
#include "registry/domain/normal.h"
#include "registry/domain/reading.h"
#include "registry/domain/selecting.h"

namespace assay {
namespace {

// How much better the candidate is: the value, and how bad and how good it may be as well.
struct Lead {
  double value, low, high;
};

std::optional<Lead> lead_of(const Reading& reading) {
  for (const auto& number : {reading.value, reading.ci_low, reading.ci_high})
    if (!number || !std::isfinite(*number)) return std::nullopt;
  const Lead up{*reading.value, *reading.ci_low, *reading.ci_high};
  if (!(up.low <= up.value && up.value <= up.high)) return std::nullopt;
  return reading.higher_is_better ? up : Lead{-up.value, -up.high, -up.low};
}

// The evaluator's setting; 0 when it has none that could be one.
double confidence_of(const Evidence& evidence) {
  const auto config = nlohmann::json::parse(evidence.config.canonical);
  const auto found = config.find("confidence");
  if (found == config.end() || !found->is_number()) return 0;
  const double confidence = found->get<double>();
  return confidence > 0 && confidence < 1 ? confidence : 0;
}

bool baseline(const Requirement& requirement) {
  return requirement.kind == RuleKind::baseline;
}

bool is_opponent(const Requirement& requirement, const Facts& facts, const Digest& reference) {
  if (!baseline(requirement)) return reference == facts.champion->digest;
  const auto trainer = facts.trained_by.find(reference);
  return trainer != facts.trained_by.end() && trainer->second == requirement.beats;
}

std::string opponent(const Requirement& requirement, const Facts& facts) {
  if (baseline(requirement)) return fmt::format("a model that {} trained", requirement.beats);
  return "the champion " + version_text(facts, *facts.champion);
}

std::string row_called(const Requirement& requirement) {
  const EvidenceKey& key = *requirement.key;
  if (!key.by.empty()) return fmt::format("{} by {}", requirement.field, key.by);
  return key.slice.empty() ? requirement.field : fmt::format("{} in slice {}", requirement.field, key.slice);
}

// Why this comparison does not answer; empty when it does.
std::string unfit(const Requirement& requirement, const Facts& facts, Level level, const Evidence& evidence) {
  if (std::string reason = discounted(requirement, facts, level, evidence); !reason.empty()) return reason;
  if (!read_evaluation(requirement, evidence)) {
    std::vector<std::string> names;
    if (const auto* rows = std::get_if<std::vector<MetricRow>>(&evidence.rows))
      for (const MetricRow& row : *rows) names.push_back(row.name);
    return fmt::format("has no {}{}", row_called(requirement), did_you_mean(requirement.field, names));
  }
  if (const double confidence = confidence_of(evidence); !(confidence >= requirement.confidence))
    return confidence == 0 ? "does not say of which confidence its intervals are"
                           : fmt::format("has intervals of {}, and the rule asks for {}", confidence,
                                         requirement.confidence);
  return {};
}

Selection unanswered(const Requirement& requirement, const Facts& facts, Level level, const std::string& what,
                     const Evidence* evidence) {
  return gap(RuleVerdict::missing, what, "it needs " + command(needs_of(requirement, facts, level).at(0)),
             evidence == nullptr ? std::vector<const Evidence*>() : std::vector{evidence});
}

Selection judged_lead(const Requirement& requirement, const Facts& facts, Level level, const Evidence& evidence) {
  const Reading reading = *read_evaluation(requirement, evidence);
  if (reading.n < requirement.min_rows)
    return unanswered(requirement, facts, level,
                      fmt::format("the comparison with {} rests on {} rows, and the rule asks for {}",
                                  opponent(requirement, facts), reading.n, requirement.min_rows),
                      &evidence);
  const auto lead = lead_of(reading);
  if (!lead)
    return unanswered(requirement, facts, level,
                      fmt::format("{} of the comparison with {} is not a number with an interval",
                                  row_called(requirement), opponent(requirement, facts)),
                      &evidence);
  Selection out{.candidate = lead->low,
                .bound = requirement.bound,
                .comparator = requirement.comparator,
                .n = reading.n,
                .evidence = {&evidence}};
  out.lead = lead->value;
  return out;
}

struct SliceLead {
  std::string slice;
  Lead lead;
  std::int64_t n;
  double error;  // standard, by the normal approximation
  double z;      // how many of them the lead falls short of the bound
};

double shortfall(double distance, double error) {
  if (error > 0) return distance / error;
  return distance > 0 ? INFINITY : -INFINITY;
}

// Holm: the k-th worst slice is worse when its p is at most (1 - confidence) / (slices - k), and so were all before it.
Selection judged_slices(const Requirement& requirement, const Facts& facts, Level level, const Evidence& evidence) {
  const double unit = 2 * normal_quantile((1 - confidence_of(evidence)) / 2);
  std::vector<SliceLead> slices;
  for (const auto& [name, reading] : read_slices(requirement, evidence)) {
    if (reading.n < requirement.min_rows) continue;
    const auto lead = lead_of(reading);
    if (!lead)
      return unanswered(
          requirement, facts, level,
          fmt::format("{} in slice {} of the comparison with {} is not a number with an interval; a min_rows above "
                      "that slice's rows would leave it out",
                      requirement.field, name, opponent(requirement, facts)),
          &evidence);
    const double error = (lead->high - lead->low) / unit;
    slices.push_back({name, *lead, reading.n, error, shortfall(requirement.bound - lead->value, error)});
  }
  if (slices.empty())
    return unanswered(requirement, facts, level,
                      fmt::format("no slice by {} of the comparison has {} rows", requirement.key->by,
                                  requirement.min_rows),
                      &evidence);
  std::stable_sort(slices.begin(), slices.end(), [](const SliceLead& a, const SliceLead& b) { return a.z > b.z; });
  const double alpha = 1 - requirement.confidence;
  const SliceLead& worst = slices.front();
  const double most = normal_quantile(alpha / static_cast<double>(slices.size()));
  Selection out{.candidate = worst.lead.value + most * worst.error,
                .bound = requirement.bound,
                .comparator = requirement.comparator,
                .n = worst.n,
                .slice = worst.slice,
                .slices = slices.size(),
                .evidence = {&evidence}};
  out.lead = worst.lead.value;
  for (std::size_t k = 0; k < slices.size(); ++k) {
    if (normal_tail(slices[k].z) >= alpha / static_cast<double>(slices.size() - k)) break;
    if (k > 0) out.others += (k == 1 ? "" : ", ") + slices[k].slice;
  }
  return out;
}

}  // namespace

Selection select_comparison(const Requirement& requirement, const Facts& facts, const Freshness& freshness,
                            Time now) {
  const EvidenceKey& key = *requirement.key;
  if (!baseline(requirement) && !facts.champion)
    return {.outcome = Selection::Outcome::waived,
            .reason = fmt::format("{} has no champion yet, so there is nothing to compare {} with",
                                  requirement.stage, requirement.field)};
  if (!baseline(requirement) && facts.champion->digest == facts.candidate.digest)
    return gap(RuleVerdict::missing,
               fmt::format("{} is the champion {} once more, byte for byte, so there is nothing to compare",
                           version_text(facts, facts.candidate), version_text(facts, *facts.champion)),
               "it needs to be another model");
  if (!key.dataset)
    return gap(RuleVerdict::missing,
               fmt::format("the policy does not say which bytes {} is", key.dataset_reference),
               "set the policy again");
  const std::string comparison = fmt::format("comparison of {} with {} on {}", version_text(facts, facts.candidate),
                                             opponent(requirement, facts), key.dataset_reference);
  const Evidence* newest = nullptr;
  const Evidence* last_unfit = nullptr;
  std::string why;
  for (const Evidence& evidence : facts.evidence) {
    if (evidence.kind != EvidenceKind::comparison || evidence.model != facts.candidate.digest ||
        evidence.dataset != *key.dataset || !evidence.reference || *evidence.reference == facts.candidate.digest ||
        !is_opponent(requirement, facts, *evidence.reference))
      continue;
    if (std::string reason = unfit(requirement, facts, freshness.level, evidence); reason.empty()) {
      newest = &evidence;
    } else {
      last_unfit = &evidence;
      why = std::move(reason);
    }
  }
  if (newest == nullptr)
    return unanswered(requirement, facts, freshness.level,
                      last_unfit == nullptr ? "there is no " + comparison : "the " + comparison + " " + why,
                      last_unfit);
  if (stale(*newest, freshness, now)) return stale_gap(*newest, "comparison", freshness, now);
  return requirement.holm ? judged_slices(requirement, facts, freshness.level, *newest)
                          : judged_lead(requirement, facts, freshness.level, *newest);
}

}  // namespace assay
