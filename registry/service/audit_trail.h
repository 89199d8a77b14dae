// SPDX-License-Identifier: Apache-2.0
// Reading the audit trail.
#pragma once

#include "registry/access/principal.h"
#include "registry/domain/audit_entry.h"
#include "registry/domain/page.h"
#include "registry/service/services.h"

namespace assay {

// Newest first. Needs `admin` everywhere: entries of all namespaces stand in one trail.
Page<AuditEntry> audit_trail(const Services& services, const Principal& caller, const PageRequest& page);

}  // namespace assay
