// SPDX-License-Identifier: Apache-2.0
// What happened, in order, for whoever follows.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "registry/access/principal.h"
#include "registry/domain/event.h"
#include "registry/service/services.h"

namespace assay {

// Those after `after` in namespaces that the caller may read, oldest first; at most `limit`. Needs `read` somewhere.
std::vector<Event> read_events(const Services& services, const Principal& caller, std::int64_t after, int limit);

// {"items", "next_after"}: where to go on, null when there was nothing.
nlohmann::json events_answer(const std::vector<Event>& events);

}  // namespace assay
