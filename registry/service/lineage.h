// SPDX-License-Identifier: Apache-2.0
// What a version was made from, what was said of it, where it stands, what used it and what came of it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/domain/artifact.h"
#include "registry/service/services.h"

namespace assay {

// {"version","run","inputs":[{"role","kind","reference","digest"}],"evidence":[],"stages":[],"problem","used_by":[runs],
// "ancestors":[],"descendants":[],"full":[names of lists]}. Evidence and runs are newest first; ancestors and descendants,
// nearest first, are those of catalog/kin.h with the stages that hold them. Lists are at most 200 long, and those that
// are so long are named in "full". Needs `read` on the version's namespace; throws not_found.
nlohmann::json lineage(const Services& services, const Principal& caller, Kind kind, const Name& name,
                       const Selector& selector);

}  // namespace assay
