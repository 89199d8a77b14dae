// SPDX-License-Identifier: Apache-2.0
// The rules of `assay plugin check` that need the plugin to run. Each is asked of a worker of its own, so a
// rule may end in a crash; the host turns that into the rule's failure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "registry/plugin_host/worker/call_context.h"

namespace assay::worker {

// `request` has "rule", "descriptor" (the embedded JSON text) and "defaults": {component: complete config
// text}. Answers {"passed": bool, "message": text}.
nlohmann::json check_rule(CallContext& context, const nlohmann::json& request);

}  // namespace assay::worker
