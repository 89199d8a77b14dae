// SPDX-License-Identifier: Apache-2.0
// The stored versions behind compute's port, inside the server: for scoring, which reads models and publishes
// nothing.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string_view>

#include "registry/catalog/database.h"
#include "registry/compute/ports.h"
#include "registry/domain/artifact.h"
#include "registry/plugin_host/worker_plugins.h"
#include "storage/blob/blob_store.h"

namespace assay::daemon {

// Any thread. Borrows database and store. Asks nobody for permission: whoever calls has already resolved the
// version for a caller who may read it.
class StoredArtifacts final : public Artifacts {
 public:
  // `scratch` is emptied now and when this object ends; copies of files live there in between.
  StoredArtifacts(Database& database, const BlobStore& blobs, std::filesystem::path scratch);
  ~StoredArtifacts() override;

  // By digest only.
  ArtifactVersion resolve(Kind kind, std::string_view digest) override;
  std::filesystem::path fetch(const ArtifactVersion& version, const ArtifactFile& file) override;
  // Both throw unsupported.
  ArtifactVersion resolve_input(const ArtifactVersion& model, const Digest& dataset) override;
  ArtifactVersion publish_model(std::string_view name, const std::vector<NewFile>& files,
                                const Id& run) override;

  // A published plugin by the digest of its library, as plugin_host looks for it. Only plugin versions are
  // searched: the digest of some other blob must never make it run.
  std::optional<RegisteredPlugin> find_plugin(std::string_view wanted);

 private:
  // The library and, if it has one, its signature beside it, copied to the scratch directory.
  RegisteredPlugin fetch_library(const Version& version, const Digest& library);

  Database& database_;
  const BlobStore& blobs_;
  std::filesystem::path scratch_;
  std::mutex mutex_;  // one copy at a time; held across file writes, which is why nothing else waits for it
};

}  // namespace assay::daemon
