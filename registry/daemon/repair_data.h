// SPDX-License-Identifier: Apache-2.0
// `assay repair`: makes a data directory usable again whose blobs are damaged. Deletes nothing.
#pragma once

#include <filesystem>

#include "storage/blob/repair.h"

namespace assay::daemon {

// As repair() of the store in `data_dir`. Throws unavailable while a server has the directory, not_found when
// there is no registry in it.
RepairReport repair_data(const std::filesystem::path& data_dir, RebuildIndex rebuild);

}  // namespace assay::daemon
