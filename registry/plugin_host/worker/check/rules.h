// SPDX-License-Identifier: Apache-2.0
// The rules of `assay plugin check` that need the plugin to run. Each is asked of a worker of its own, so a
// rule may end in a crash; the host turns that into the rule's failure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "registry/plugin_host/worker/call_context.h"

namespace assay::worker {

// `request` has "rule", "descriptor" (the embedded JSON text), "defaults": {component: complete config text}
// and "before": what this rule answered as "again" in an earlier process, or null. Answers {"passed" or
// "skipped": bool, "message": text, "silent": whether printing breaks the rule, "again"}.
nlohmann::json check_rule(CallContext& context, const nlohmann::json& request);

}  // namespace assay::worker
