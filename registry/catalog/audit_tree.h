// SPDX-License-Identifier: Apache-2.0
// The audit trail's Merkle tree as rows: every whole subtree once, so that an append writes two of them on average and a
// root or a proof reads a few dozen, however long the trail is.
#pragma once

#include <cstdint>

#include "registry/catalog/database.h"
#include "registry/domain/audit_entry.h"
#include "registry/domain/merkle.h"

namespace assay {

// For append_audit, right after the entry's row. Throws corrupt when the tree does not end with the entry before.
void append_leaf(Transaction& transaction, const AuditEntry& entry);

std::uint64_t audit_size(Snapshot& snapshot);
// Throws corrupt for a node that is missing. Borrows the snapshot.
ReadNode audit_nodes(Snapshot& snapshot);
TreeHead audit_head(Snapshot& snapshot);

// For the migration that begins the tree: the leaves of all entries there are.
void append_earlier_leaves(Transaction& transaction);

}  // namespace assay
