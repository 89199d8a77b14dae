// SPDX-License-Identifier: Apache-2.0
// Where the last scrub stands, so that one that has not reached the end goes on after a restart.
#pragma once

#include <optional>
#include <string>

#include "registry/catalog/database.h"

namespace assay {

// A canonical JSON object, as put_scrub_progress was given it.
std::optional<std::string> find_scrub_progress(Snapshot& snapshot);
void put_scrub_progress(Transaction& transaction, const std::string& document, Time at);

}  // namespace assay
