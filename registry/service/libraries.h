// SPDX-License-Identifier: Apache-2.0
// A plugin's library by its digest: what it did here, and taking away its right to run.
#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/catalog/database.h"
#include "registry/service/request_key.h"
#include "registry/service/services.h"

namespace assay {

// {"digest","revoked","plugins","made","judged"}: how it stands ({"reason","at","by"} or null), and, of what
// the caller may read, the plugin versions that hold it and the versions made and judged with it, with the
// stages that point to them. Needs `read` somewhere; a library that nobody knows has empty lists.
nlohmann::json describe_library(const Services& services, const Principal& caller, const Digest& library);

// From {"reason": text}. After revoke, runs with the library cannot start, evidence of it is refused and the
// server does not score with it; reinstate takes that back. Needs `admin` everywhere. Both answer what
// describe_library does and throw conflict when it stands so already.
nlohmann::json revoke_library(const Services& services, const Principal& caller, const Digest& library,
                              std::string_view body, RequestKey* key = nullptr);
nlohmann::json reinstate_library(const Services& services, const Principal& caller, const Digest& library,
                                 std::string_view body, RequestKey* key = nullptr);

// Throws denied, with the reason, when the library is revoked. `what` is how messages call it.
void require_runnable(Snapshot& snapshot, const Digest& library, std::string_view what);

}  // namespace assay
