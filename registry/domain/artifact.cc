// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/artifact.h"

#include <nlohmann/json.hpp>

#include "registry/domain/version_summary.h"

namespace assay {

using nlohmann::json;

std::uint64_t Version::size() const {
  std::uint64_t sum = 0;
  for (const VersionFile& file : files) sum += file.size;
  return sum;
}

void to_json(json& out, const VersionFile& file) {
  out["path"] = file.path.text();
  out["digest"] = file.digest.text();
  out["size"] = file.size;
  out["media_type"] = file.media_type;
}

void to_json(json& out, const Version& version) {
  out = version_summary(version);
  out["files"] = version.files;
  out["size"] = version.size();
  out["profile"] = version.profile ? json::parse(*version.profile) : json();
  out["run_id"] = version.run_id ? json(version.run_id->text()) : json();
}

void to_json(json& out, const Artifact& artifact) {
  out = {{"kind", singular(artifact.kind)},
         {"namespace", artifact.name.namespace_()},
         {"name", artifact.name.name()},
         {"latest", artifact.latest ? json(*artifact.latest) : json()},
         {"version_count", artifact.version_count},
         {"stages", artifact.stages},
         {"created_at", format_time(artifact.created_at)}};
}

}  // namespace assay
