// SPDX-License-Identifier: Apache-2.0
// Reads one rule of a policy document. For policy.cc only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "registry/domain/policy.h"

namespace assay {

// `place` is where the rule stands, such as "rules[1]". Throws as Policy::parse.
PolicyRule read_policy_rule(const nlohmann::json& rule, const std::string& place);
// `approvals` and `freeze` of the document. Throw as Policy::parse.
ApprovalTerms read_approval_terms(const nlohmann::json& terms);
std::vector<FreezeWindow> read_freezes(const nlohmann::json& windows);
// The keys of the document itself. Throws as Policy::parse.
void check_policy_keys(const nlohmann::json& document);

}  // namespace assay
