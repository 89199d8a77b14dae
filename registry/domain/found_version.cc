// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/found_version.h"

#include <nlohmann/json.hpp>

namespace assay {

void to_json(nlohmann::json& out, const FoundVersion& version) {
  out = {{"kind", singular(version.kind)},
         {"namespace", version.name.namespace_()},
         {"name", version.name.name()},
         {"number", version.number},
         {"reference", version.reference()},
         {"digest", version.digest.text()},
         {"created_at", format_time(version.created_at)},
         {"created_by", version.created_by},
         {"size", version.size},
         {"labels", version.labels},
         {"stages", version.stages},
         {"plugin", version.plugin ? nlohmann::json(*version.plugin) : nlohmann::json()},
         {"metrics", version.metrics},
         {"params", version.params}};
}

}  // namespace assay
