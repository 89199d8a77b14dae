// SPDX-License-Identifier: Apache-2.0
// A policy before it is set: what it would say of a version now, and what it would have said of the past.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "registry/access/principal.h"
#include "registry/domain/decision.h"
#include "registry/domain/reference.h"
#include "registry/service/services.h"

namespace assay {

struct PolicyTrial {
  StageName stage;
  nlohmann::json policy;  // a document; read where the model's problem and the datasets are
  Selector version;
};
// From {"policy","version"}. Throws invalid_argument.
PolicyTrial parse_policy_trial(const StageName& stage, std::string_view body);

// What promoting the version by that policy would decide. Writes nothing. Needs `read` on the model and on the datasets
// that the policy names; throws not_found, and what read_policy throws.
Decision test_policy(const Services& services, const Principal& caller, const Name& model, const PolicyTrial& trial);

struct Retrial {
  Decision was;    // as it is on record
  Decision would;  // by the policy, with the evidence, the stages and the revocations of that moment

  // Whether the stage would have been let move when it was not, or the other way round.
  bool differs() const;
};
struct PolicyBacktest {
  StageName stage;
  nlohmann::json policy;
  int last = 50;
};
inline constexpr int kMaxRetrials = 200;
// From {"policy","last"}, 1 to kMaxRetrials. Throws invalid_argument.
PolicyBacktest parse_policy_backtest(const StageName& stage, std::string_view body);

// The last promotions of the stage that were judged, newest first, each judged again at its own time. Rights and errors
// as test_policy.
std::vector<Retrial> backtest_policy(const Services& services, const Principal& caller, const Name& model,
                                     const PolicyBacktest& wish);

// {"items": [{"was","would","differs"}], "differing"}
nlohmann::json backtest_answer(const std::vector<Retrial>& trials);

}  // namespace assay
