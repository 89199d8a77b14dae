// SPDX-License-Identifier: Apache-2.0
#include "registry/service/describe.h"

#include <fmt/format.h>

#include "registry/catalog/artifacts.h"
#include "registry/catalog/versions.h"
#include "registry/content/check.h"
#include "registry/service/record_evidence.h"
#include "registry/service/resolve.h"
#include "storage/base/error.h"

namespace assay {

Artifact describe_artifact(const Services& services, const Principal& caller, Kind kind, const Name& name) {
  require(caller, Permission::read, name.space());
  return services.database.read([&](Snapshot& snapshot) {
    auto found = find_artifact(snapshot, kind, name);
    if (!found) throw no_artifact(snapshot, kind, name);
    return *std::move(found);
  });
}

DescribedVersion describe_version(const Services& services, const Principal& caller, Kind kind, const Name& name,
                                  const Selector& selector) {
  require(caller, Permission::read, name.space());
  return services.database.read([&](Snapshot& snapshot) -> DescribedVersion {
    Version version = resolve(snapshot, kind, name, selector);
    auto contents = contents_of(snapshot, version.id, kContentChecker);
    return {std::move(version), std::move(contents)};
  });
}

Page<Artifact> list_artifacts(const Services& services, const Principal& caller, Kind kind,
                              const std::optional<Namespace>& space, const PageRequest& page) {
  if (space)
    require(caller, Permission::read, *space);
  else
    require_somewhere(caller, Permission::read);
  const ReadableSpaces spaces = space ? ReadableSpaces::only(*space) : readable_spaces(caller);
  return services.database.read(
      [&](Snapshot& snapshot) { return list_artifacts(snapshot, kind, spaces, page); });
}

Page<Version> list_versions(const Services& services, const Principal& caller, Kind kind, const Name& name,
                            const PageRequest& page) {
  require(caller, Permission::read, name.space());
  return services.database.read([&](Snapshot& snapshot) {
    if (!find_artifact_id(snapshot, kind, name)) throw no_artifact(snapshot, kind, name);
    return list_versions(snapshot, kind, name, page);
  });
}

StoredManifest fetch_manifest(const Services& services, const Principal& caller, Kind kind, const Name& name,
                              const Selector& selector) {
  require(caller, Permission::read, name.space());
  return services.database.read([&](Snapshot& snapshot) {
    const Version version = resolve(snapshot, kind, name, selector);
    return *find_manifest(snapshot, version.digest);
  });
}

}  // namespace assay
