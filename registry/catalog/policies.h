// SPDX-License-Identifier: Apache-2.0
// Policies in the catalogue: documents by digest, and which one a stage had when. Both only grow.
#pragma once

#include <optional>
#include <string>

#include "registry/catalog/database.h"
#include "registry/domain/name.h"
#include "registry/domain/policy.h"

namespace assay {

// Stores the document (once a digest) and makes it the policy of its stage. Throws not_found when there is no
// such model.
void put_policy(Transaction& transaction, const Name& model, const Policy& policy, const std::string& actor,
                Time at);

// None when the stage has no policy.
std::optional<Policy> find_policy(Snapshot& snapshot, const Name& model, const StageName& stage);
std::optional<Policy> find_policy(Snapshot& snapshot, const Digest& digest);
// The policy that the stage had at `time`.
std::optional<Digest> policy_at(Snapshot& snapshot, const Name& model, const StageName& stage, Time time);

}  // namespace assay
