// SPDX-License-Identifier: Apache-2.0
// The audit trail: one row for each change, written in the change's own transaction, never altered or
// removed.
#pragma once

#include <cstdint>

#include "registry/catalog/database.h"
#include "registry/domain/audit_entry.h"
#include "registry/domain/page.h"

namespace assay {

// Appends with the next seq, which is returned (the entry's own is ignored). Call it inside the transaction
// that makes the change.
std::int64_t append_audit(Transaction& transaction, const AuditEntry& entry);

// Newest first. Throws invalid_argument for a cursor that is not of this list.
Page<AuditEntry> list_audit(Snapshot& snapshot, const PageRequest& page);

}  // namespace assay
