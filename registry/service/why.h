// SPDX-License-Identifier: Apache-2.0
// Why are these bytes here? What a digest is, which versions and uploads hold it, where it lies and what it
// takes.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/service/services.h"
#include "storage/base/digest.h"

namespace assay {

// {"digest","is":[of "blob","chunk","file","config","manifest"],"size","stored_size","held_by":[{"kind",
// "reference","part","path","stages"}],"uploads":[{"principal","time","keeps_until"}],"store"}. `held_by`
// shows versions that the caller may read, `uploads` the caller's own; to an admin of everything both show
// all, and `store` is {"chunks","places":[{"pack","offset","stored_bytes","codec","parents"}],"needed_by"},
// else null. Lists are at most 100 long. Throws not_found when the caller may read nothing of the kind.
nlohmann::json why(const Services& services, const Principal& caller, const Digest& digest);

}  // namespace assay
