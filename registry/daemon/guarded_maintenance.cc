// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/guarded_maintenance.h"

#include "storage/base/error.h"
#include "storage/env/file_lock.h"

namespace assay::daemon {

GcReport GuardedMaintenance::collect_garbage(const GcRequest& request) {
  if (request.dry_run) return inner_.collect_garbage(request);
  const auto lock = FileLock::try_take(lock_, FileLock::Mode::exclusive);
  if (!lock)
    throw Error(Code::conflict, "A backup of the data directory is being made; collect when it has ended");
  return inner_.collect_garbage(request);
}

}  // namespace assay::daemon
