// SPDX-License-Identifier: Apache-2.0
// What a policy leaves to the model's problem document: filled in once, when the policy is read, so that the policy
// on record says all that decides.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "registry/domain/problem.h"

namespace assay {

// The policy `document` with, from the problem of `model`: `name` of metric, champion and slices rules, the primary
// metric; the `margin` of champion rules about that metric; `matrix` of cost rules; and instead of a rule {"guardrails": {"dataset"}} a
// metric rule for each guardrail. What is given stays, and what is no policy is left as it is. Throws invalid_argument
// naming the rule when it leaves something out that the problem does not say, or there is none.
nlohmann::json with_problem(nlohmann::json document, const std::optional<Problem>& problem, const std::string& model);

}  // namespace assay
