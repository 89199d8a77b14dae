// SPDX-License-Identifier: Apache-2.0
// Reading artifacts and versions. All need `read` on the namespace (denied otherwise) and throw not_found.
#pragma once

#include <optional>
#include <string>

#include "registry/access/principal.h"
#include "registry/catalog/contents.h"
#include "registry/domain/artifact.h"
#include "registry/domain/manifest.h"
#include "registry/domain/page.h"
#include "registry/service/services.h"

namespace assay {

Artifact describe_artifact(const Services& services, const Principal& caller, Kind kind, const Name& name);

struct DescribedVersion {
  Version version;
  std::vector<FoundContent> contents;  // what is known of each file, by path
};
DescribedVersion describe_version(const Services& services, const Principal& caller, Kind kind, const Name& name,
                                  const Selector& selector);

// By namespace and name; without `space` those of all namespaces that the caller may read.
Page<Artifact> list_artifacts(const Services& services, const Principal& caller, Kind kind,
                              const std::optional<Namespace>& space, const PageRequest& page);

// Newest first.
Page<Version> list_versions(const Services& services, const Principal& caller, Kind kind, const Name& name,
                            const PageRequest& page);

// The exact bytes whose SHA-256 is the version's digest.
StoredManifest fetch_manifest(const Services& services, const Principal& caller, Kind kind, const Name& name,
                              const Selector& selector);

}  // namespace assay
