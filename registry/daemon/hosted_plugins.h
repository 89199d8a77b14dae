// SPDX-License-Identifier: Apache-2.0
// The plugins that the server runs: those that its operator installed, and by digest those that were pushed, unless
// revoked; each in a worker process of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "registry/catalog/database.h"
#include "registry/daemon/stored_artifacts.h"
#include "registry/plugin_host/worker_plugins.h"
#include "registry/service/attest.h"

namespace assay::daemon {

// Kept ready for models that are asked for the first time.
inline constexpr std::size_t kIdleWorkers = 2;

struct HostedPluginsOptions {
  std::filesystem::path scratch;  // emptied now and at the end; copies of stored files live there
  std::filesystem::path executable;
  std::string plugin_path;
  std::filesystem::path plugin_keys;  // empty: plugins need no signature
  std::set<Digest> trusted_plugins;
  std::string version;  // of the program
};

// Any thread. Borrows database and store.
class HostedPlugins final : public ServerBench {
 public:
  HostedPlugins(Database& database, const BlobStore& blobs, const HostedPluginsOptions& options);

  Plugins& plugins() override { return plugins_; }
  std::unique_ptr<Artifacts> copies() override;
  std::string environment() override;

  // Whose copies stay as long as the server runs.
  StoredArtifacts& artifacts() { return artifacts_; }

 private:
  Database& database_;
  const BlobStore& blobs_;
  const std::filesystem::path scratch_;
  const std::string version_;
  StoredArtifacts artifacts_;
  WorkerPlugins plugins_;
  std::atomic<std::uint64_t> jobs_ = 0;  // that had copies so far
};

}  // namespace assay::daemon
