// SPDX-License-Identifier: Apache-2.0
// Plugins that were pushed to the registry, brought here to be run.
#pragma once

#include "registry/cli/program.h"
#include "registry/cli/remote_artifacts.h"
#include "registry/compute/ports.h"

namespace assay::cli {

// Borrows the client. One thread at a time.
class RemotePlugins {
 public:
  explicit RemotePlugins(client::ApiClient& api) : api_(api) {}

  // By name, reference or digest of the library, which only a published plugin version can have: a digest
  // alone must never make some other blob run. The file stays until this object ends, its signature (if the
  // version has one) beside it. Nothing when the registry has no such plugin.
  std::optional<FetchedPlugin> fetch(std::string_view wanted);
  // Throws denied, with the reason, when the registry has revoked the plugin's library.
  void require_runnable(const PluginInfo& plugin);

 private:
  std::optional<Version> find(std::string_view wanted);
  std::optional<Version> find_by_library(const Digest& library);
  void bring(const Version& version, const VersionFile& file, const std::filesystem::path& to);

  client::ApiClient& api_;
  ScratchDirectory scratch_;
};

// The one shared library of a plugin version. Throws unsupported when it has none, or several.
const VersionFile& library_of(const Version& version);

}  // namespace assay::cli
