// SPDX-License-Identifier: Apache-2.0
// Which records a requirement is judged on: the one step of the verdict that looks at evidence. For
// verdict.cc and explanation.cc only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/domain/verdict.h"

namespace assay {

// The numbers to hold against each other, or why there are none. Borrows the evidence from the facts.
struct Selection {
  enum class Outcome {
    comparable,  // candidate, comparator and bound are set
    waived,      // nothing to hold it against, which is fine; `reason` says why
    gap,         // `gap` says how it fails, `reason` why, `remedy` what to do
  };
  Outcome outcome = Outcome::comparable;
  RuleVerdict gap = RuleVerdict::missing;
  std::string reason{};
  std::string remedy{};
  std::optional<double> candidate{};
  std::optional<double> champion{};
  std::optional<double> bound{};
  Comparator comparator = Comparator::at_least;
  std::optional<std::int64_t> n{};
  // Of a comparison: how much better the candidate is; `candidate` is the end of its interval.
  std::optional<double> lead{};
  std::string others{};          // of a corrected slices rule: the slices that are worse besides the worst one
  std::string slice{};     // the worst one of a slices rule; the first drifted column of a drift rule
  std::size_t slices = 0;  // how many a slices rule looked at
  std::vector<const Evidence*> evidence{};
};

// For a requirement about the stage (`from`) or with an evidence key.
Selection select(const Requirement& requirement, const Facts& facts, const Freshness& freshness, Time now);
// For a requirement on the evidence itself, over `selected`: what the others were judged on.
Selection select_among(const Requirement& requirement, const std::vector<const Evidence*>& selected,
                       const Facts& facts, Time now);
// What would answer the requirement, were it made now; nothing when nobody but the reader can know.
std::vector<Need> needs_of(const Requirement& requirement, const Facts& facts, Level level);
// The candidate's newest evaluation of that level, if any: what a policy that names none is judged on.
const Evidence* newest_evaluation(const Facts& facts, Level level);

// "churn@4"
std::string version_text(const Facts& facts, const VersionMark& version);

}  // namespace assay
