// SPDX-License-Identifier: Apache-2.0
#include "registry/service/audit_trail.h"

#include "registry/catalog/audit.h"

namespace assay {

Page<AuditEntry> audit_trail(const Services& services, const Principal& caller, const PageRequest& page) {
  require_everywhere(caller, Permission::admin);
  return services.database.read([&](Snapshot& snapshot) { return list_audit(snapshot, page); });
}

}  // namespace assay
