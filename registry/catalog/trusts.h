// SPDX-License-Identifier: Apache-2.0
// Which identity providers' workloads are let in: documents by name, replaced and removed; the audit trail has their past.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/trust.h"

namespace assay {

void put_trust(Transaction& transaction, const Trust& trust, const std::string& actor, Time at);
// False when there is none.
bool remove_trust(Transaction& transaction, const std::string& name);
std::optional<Trust> find_trust(Snapshot& snapshot, const std::string& name);
std::vector<Trust> list_trusts(Snapshot& snapshot);  // by name

}  // namespace assay
