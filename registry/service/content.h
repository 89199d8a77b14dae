// SPDX-License-Identifier: Apache-2.0
// Finds out what files are by their content, once for each blob: when a version is published, and before one is judged
// that was published when nobody looked.
#pragma once

#include <map>
#include <vector>

#include "registry/access/principal.h"
#include "registry/catalog/contents.h"
#include "registry/domain/artifact.h"
#include "registry/domain/content.h"
#include "registry/domain/policy.h"
#include "registry/service/services.h"

namespace assay {

using Findings = std::map<Digest, FileContent>;

// Looks into the files that nobody has looked into; reads the store, kMaxCheckedBytes of each at most. Files that the
// store has lost are passed over. Throws corrupt and unavailable.
Findings look_into(const Services& services, const std::vector<VersionFile>& files);
void keep_findings(Transaction& transaction, const Findings& findings);

// Before a version of the model is judged by the policy, if that asks for contents: see that they are known.
void prepare_contents(const Services& services, const Policy& policy, const Name& model, const Selector& version);
// The same by the policy that the stage has.
void prepare_contents(const Services& services, const Name& model, const StageName& stage, const Selector& version);

// [{"path","format","pickle","safe","reasons"}]; without the last four where nobody has looked.
nlohmann::json contents_answer(const std::vector<FoundContent>& contents);

}  // namespace assay
