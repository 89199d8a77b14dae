// SPDX-License-Identifier: Apache-2.0
// Sets and shows the rules of a stage.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/catalog/database.h"
#include "registry/domain/policy.h"
#include "registry/service/services.h"

namespace assay {

// {"digest","policy"}
nlohmann::json policy_answer(const Policy& policy);

// Needs `admin` on the model's namespace. `body` is the document. Every dataset that a rule names is resolved
// to one version's digest now, which is stored with the rule and decides from then on. Throws what
// Policy::parse throws, invalid_argument when its "stage" is another, not_found for the model, a dataset or a key.
Policy set_policy(const Services& services, const Principal& caller, const Name& model,
                  const StageName& stage, std::string_view body);

// The policy with its datasets resolved as the caller may read them, and its keys known. Throws as set_policy.
Policy resolve_policy(Snapshot& snapshot, const Principal& caller, const Name& model, const Policy& policy);

// Needs `read`. Throws not_found when the stage has none.
Policy show_policy(const Services& services, const Principal& caller, const Name& model,
                   const StageName& stage);

}  // namespace assay
