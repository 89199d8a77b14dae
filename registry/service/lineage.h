// SPDX-License-Identifier: Apache-2.0
// What a version was made from, what was said of it, where it stands and what used it.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/domain/artifact.h"
#include "registry/service/services.h"

namespace assay {

// {"version","run","inputs":[{"role","kind","reference","digest"}],"evidence":[],"stages":[],"used_by":[runs]}, the
// lists newest first and at most 200 long. Needs `read` on the version's namespace; throws not_found.
nlohmann::json lineage(const Services& services, const Principal& caller, Kind kind, const Name& name,
                       const Selector& selector);

}  // namespace assay
