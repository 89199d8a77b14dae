// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/found_version.h"

#include "registry/domain/version_summary.h"

namespace assay {

void to_json(nlohmann::json& out, const FoundVersion& version) {
  out = version_summary(version);
  out["size"] = version.size;
  out["plugin"] = version.plugin ? nlohmann::json(*version.plugin) : nlohmann::json();
  out["metrics"] = version.metrics;
  out["params"] = version.params;
}

}  // namespace assay
