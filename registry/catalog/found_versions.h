// SPDX-License-Identifier: Apache-2.0
// What a search shows of a version. For search.cc only.
#pragma once

#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/found_version.h"
#include "registry/domain/readable_spaces.h"

namespace assay {

// Which metrics and settings, by name.
struct ShownKeys {
  std::vector<std::string> metrics;
  std::vector<std::string> params;
};

// The live version (versions.id), whose namespace is in `readable`.
FoundVersion read_found_version(Snapshot& snapshot, std::int64_t version_id, const ShownKeys& shown,
                                const ReadableSpaces& readable);

}  // namespace assay
