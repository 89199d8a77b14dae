// SPDX-License-Identifier: Apache-2.0
// From a reference without a kind to the one version it means.
#pragma once

#include <string>

#include "registry/client/api_client.h"

namespace assay::cli {

inline constexpr const char* kReferenceHelp = "NAME, NAME@VERSION, NAME@STAGE or NAME@sha256:…";
inline constexpr const char* kKindHelp =
    "model, dataset or plugin; needed only when the name is of several kinds";

// The version, of `kind` when that is not empty. Throws not_found when no kind has it, and invalid_argument
// when several have.
Version find_version(client::ApiClient& api, const std::string& reference, const std::string& kind);

}  // namespace assay::cli
