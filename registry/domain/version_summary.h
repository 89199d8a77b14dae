// SPDX-License-Identifier: Apache-2.0
// What every JSON form of a version says alike; for the sources of those forms only.
#pragma once

#include <nlohmann/json.hpp>

#include "registry/domain/kind.h"
#include "registry/domain/time.h"

namespace assay {

// {"kind","namespace","name","number","reference","digest","created_at","created_by","labels","stages"}, of a Version or a
// FoundVersion.
// Member by member: a braced list would make everything twice, in what is most often asked for.
template <class AnyVersion>
nlohmann::json version_summary(const AnyVersion& version) {
  nlohmann::json out = nlohmann::json::object();
  out["kind"] = singular(version.kind);
  out["namespace"] = version.name.namespace_();
  out["name"] = version.name.name();
  out["number"] = version.number;
  out["reference"] = version.reference();
  out["digest"] = version.digest.text();
  out["created_at"] = format_time(version.created_at);
  out["created_by"] = version.created_by;
  out["labels"] = version.labels;
  out["stages"] = version.stages;
  return out;
}

}  // namespace assay
