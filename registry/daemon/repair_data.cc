// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/repair_data.h"

#include "storage/base/error.h"
#include "storage/env/directory_lock.h"

namespace assay::daemon {

RepairReport repair_data(const std::filesystem::path& data_dir, RebuildIndex rebuild) {
  if (!std::filesystem::exists(data_dir / "blobs"))
    throw Error(Code::not_found,
                "there is no registry in " + data_dir.string() + ": name its directory with --data");
  const DirectoryLock lock(data_dir);
  const auto files = open_existing_files(data_dir / "blobs");
  SystemEntropy entropy;
  return repair(*files, entropy, rebuild);
}

}  // namespace assay::daemon
