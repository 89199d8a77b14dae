// SPDX-License-Identifier: Apache-2.0
// What every JSON form of a version says alike; for the sources of those forms only.
#pragma once

#include <nlohmann/json.hpp>

#include "registry/domain/kind.h"
#include "registry/domain/time.h"

namespace assay {

// {"kind","namespace","name","number","reference","digest","created_at","created_by","labels","stages"}, of a Version or a
// FoundVersion.
template <class AnyVersion>
nlohmann::json version_summary(const AnyVersion& version) {
  return {{"kind", singular(version.kind)},
          {"namespace", version.name.namespace_()},
          {"name", version.name.name()},
          {"number", version.number},
          {"reference", version.reference()},
          {"digest", version.digest.text()},
          {"created_at", format_time(version.created_at)},
          {"created_by", version.created_by},
          {"labels", version.labels},
          {"stages", version.stages}};
}

}  // namespace assay
