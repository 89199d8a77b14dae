// SPDX-License-Identifier: Apache-2.0
// Sets and shows the rules of a stage.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/catalog/database.h"
#include "registry/domain/policy.h"
#include "registry/service/services.h"

namespace assay {

// {"digest","policy"}
nlohmann::json policy_answer(const Policy& policy);

struct PolicyThatWasSet {
  Policy policy;
  std::vector<std::string> warnings;  // sentences for whoever set it
};
// {"digest","policy","warnings"}
nlohmann::json policy_answer(const PolicyThatWasSet& set);

// Needs `admin` on the model's namespace. `body` is the document. What it leaves to the model's problem is filled in
// (domain/problem_defaults.h), and every dataset that a rule names is resolved to one version's digest now, which is
// stored with the rule; both decide from then on. Warns of a metric that no evaluation on its rule's dataset reports,
// when there are some. Throws what Policy::parse throws, invalid_argument when its "stage" is another, not_found for
// the model, a dataset or a key.
PolicyThatWasSet set_policy(const Services& services, const Principal& caller, const Name& model,
                            const StageName& stage, std::string_view body);

// The policy of the document, completed as set_policy does it, with datasets as the caller may read them. Throws as
// set_policy.
Policy read_policy(Snapshot& snapshot, const Principal& caller, const Name& model, const StageName& stage,
                   const nlohmann::json& document);

// Needs `read`. Throws not_found when the stage has none.
Policy show_policy(const Services& services, const Principal& caller, const Name& model,
                   const StageName& stage);

}  // namespace assay
