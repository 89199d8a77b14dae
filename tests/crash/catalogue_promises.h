// SPDX-License-Identifier: Apache-2.0
// What must hold in every catalogue at every moment, asked of its rows: numbers are dense, each record has its entry in
// the audit trail and its event, what is cached is what the rows add up to, and the trail's tree is that of its entries.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "registry/catalog/database.h"
#include "registry/domain/merkle.h"

namespace assay::test {

// The first promise that is broken, in words; empty when all hold. The trail must continue `acknowledged`.
std::string broken_promise(Snapshot& snapshot, const std::optional<TreeHead>& acknowledged = {});
// The same of the file at `catalogue`, opened as after a crash; also when that throws.
std::string broken_promise(const std::filesystem::path& catalogue);

}  // namespace assay::test
