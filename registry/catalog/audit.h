// SPDX-License-Identifier: Apache-2.0
// The audit trail: one row for each change, written in the change's own transaction together with its leaf in the trail's
// Merkle tree (audit_tree.h), never altered or removed.
#pragma once

#include <cstdint>
#include <functional>

#include "registry/catalog/database.h"
#include "registry/domain/audit_entry.h"
#include "registry/domain/page.h"

namespace assay {

// Appends with the next seq, which is returned (the entry's own is ignored). Call it inside the transaction
// that makes the change. Throws corrupt when the trail or its tree has lost entries.
std::int64_t append_audit(Transaction& transaction, const AuditEntry& entry);

// Newest first. Throws invalid_argument for a cursor that is not of this list.
Page<AuditEntry> list_audit(Snapshot& snapshot, const PageRequest& page);

std::uint64_t count_audit(Snapshot& snapshot);

// Oldest first, those after `seq`, until `use` returns false.
void read_audit(Snapshot& snapshot, std::int64_t seq, const std::function<bool(const AuditEntry&)>& use);

}  // namespace assay
