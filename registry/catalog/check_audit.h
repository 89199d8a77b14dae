// SPDX-License-Identifier: Apache-2.0
// For `assay fsck`: whether the audit trail still is what was appended, entry by entry.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/merkle.h"

namespace assay {

// Hashes every entry anew and compares it with its leaf, the leaves with the tree above them, and the tree with
// `signed_head`, a moment that is known from elsewhere. Empty when all agree, else a sentence for each place, a hundred at
// most. Reads each row once, in constant memory. A catalogue from before there was a tree has nothing to compare.
std::vector<std::string> check_audit(Snapshot& snapshot, const std::optional<TreeHead>& signed_head);

}  // namespace assay
