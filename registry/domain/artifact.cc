// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/artifact.h"

#include <nlohmann/json.hpp>

namespace assay {

using nlohmann::json;

std::uint64_t Version::size() const {
  std::uint64_t sum = 0;
  for (const VersionFile& file : files) sum += file.size;
  return sum;
}

void to_json(json& out, const VersionFile& file) {
  out = {{"path", file.path.text()},
         {"digest", file.digest.text()},
         {"size", file.size},
         {"media_type", file.media_type}};
}

void to_json(json& out, const Version& version) {
  out = {{"kind", singular(version.kind)},
         {"namespace", version.name.namespace_()},
         {"name", version.name.name()},
         {"number", version.number},
         {"reference", version.reference()},
         {"digest", version.digest.text()},
         {"created_at", format_time(version.created_at)},
         {"created_by", version.created_by},
         {"files", version.files},
         {"size", version.size()},
         {"labels", version.labels},
         {"profile", version.profile ? json::parse(*version.profile) : json()},
         {"run_id", version.run_id ? json(version.run_id->text()) : json()},
         {"stages", version.stages}};
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
