// SPDX-License-Identifier: Apache-2.0
// What stands on a version and would lose its ground if that version were deleted.
#pragma once

#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/artifact.h"

namespace assay {

struct Dependant {
  std::string what;  // "model acme/churn@4 was made from it"
  Namespace space;   // where the dependant lives
};

// Live versions whose run had `version` as an input or used the plugin in it, and stages whose policy asks
// for evidence on it; at most `limit`. A version elsewhere that lives on with the same digest takes its
// place: one in the dependant's own namespace, or in this one.
std::vector<Dependant> dependants_of(Snapshot& snapshot, const Version& version, int limit);

}  // namespace assay
