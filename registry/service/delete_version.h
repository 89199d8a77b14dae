// SPDX-License-Identifier: Apache-2.0
// Takes a version away: its row stays as a tombstone, its bytes go with the next garbage collection.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/domain/artifact.h"
#include "registry/service/services.h"

namespace assay {

struct Tombstone {
  Version version;  // as it was, without stages
  Time deleted_at;
};

// {"kind","namespace","name","number","reference","digest","size","deleted_at"}
void to_json(nlohmann::json& json, const Tombstone& tombstone);

// Needs `delete` on the namespace. `selector` is a number or a digest: what moves is not deleted by mistake.
// Tombstone and audit row are one transaction. Throws conflict, saying by what, while a stage points to the
// version, a live version was made from it or with it, or a policy asks for evidence on it; not_found,
// invalid_argument, denied.
Tombstone delete_version(const Services& services, const Principal& caller, Kind kind, const Name& name,
                         const Selector& selector);

}  // namespace assay
