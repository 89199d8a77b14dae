// SPDX-License-Identifier: Apache-2.0
// What people said of promotions: appended, never altered.
#pragma once

#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/approval.h"
#include "registry/domain/decision.h"

namespace assay {

// All answers about that version's promotion to that stage, whatever they were given to, oldest first; up to a time, if
// one is given.
std::vector<Approval> approvals_of(Snapshot& snapshot, const Name& model, const StageName& stage, VersionNumber number,
                                   const std::optional<Time>& as_of = {});
// `decision` is the one that waited, `token` the approver's.
void append_approval(Transaction& transaction, const Decision& decision, const Approval& approval, const Id& token);

}  // namespace assay
