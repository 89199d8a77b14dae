// SPDX-License-Identifier: Apache-2.0
// Versions and artifacts as the API's JSON writes them, read leniently: members that a newer server adds are
// skipped.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "registry/domain/artifact.h"
#include "registry/domain/found_version.h"

namespace assay::client {

// Throw internal, naming the server's answer, when it does not have the form of registry/http/API.md.
Version read_version(const nlohmann::json& json);
Artifact read_artifact(const nlohmann::json& json);
FoundVersion read_found_version(const nlohmann::json& json);

}  // namespace assay::client
