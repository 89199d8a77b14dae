// SPDX-License-Identifier: Apache-2.0
// What all selections share: which records count, and how a gap is said. For selection.cc and
// paired_selection.cc only.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "registry/domain/selection.h"

namespace assay {

// Clocks of one machine step back by less when they are corrected; a record from further ahead is not believed.
inline constexpr Duration kClockStep = std::chrono::minutes(5);

Selection gap(RuleVerdict verdict, std::string reason, std::string remedy, std::vector<const Evidence*> evidence = {});

// "churn@4", or "fraud/churn@4" of a namespace that commands do not assume.
std::string reference_text(const Facts& facts, const VersionMark& version);

// Why a record does not count although it is there; empty when it does.
std::string discounted(const Requirement& requirement, const Facts& facts, Level level, const Evidence& evidence);

bool stale(const Evidence& evidence, const Freshness& freshness, Time now);
Selection stale_gap(const Evidence& evidence, const std::string& whose, const Freshness& freshness, Time now);

}  // namespace assay
