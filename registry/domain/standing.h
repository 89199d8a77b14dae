// SPDX-License-Identifier: Apache-2.0
// What else stands between a version whose evidence is good and its stage: a freeze, somebody's lease, approvals that
// are not given yet. And force, which overrides them and the order of stages, but never evidence. For verdict.cc only.
#pragma once

#include <vector>

#include "registry/domain/verdict.h"

namespace assay {

// What an approval is given to: this version, by this policy, on this evidence. Another of any of them is another
// binding, so that nobody's yes counts for what they did not see; whatever else is recorded meanwhile changes nothing.
Digest approval_binding(const Digest& candidate, const Digest& policy, const std::vector<const Evidence*>& evidence);

// A result for a maker that was revoked, and for each of freeze, lease and approvals that there is or that the policy asks for; with a binding, if it asks
// for approvals.
std::vector<RuleResult> judge_standing(const Policy& policy, const Facts& facts, const std::optional<Digest>& binding,
                                       Time now);

// Marks as forced what does not pass and force may override.
void apply_force(std::vector<RuleResult>& results);

}  // namespace assay
