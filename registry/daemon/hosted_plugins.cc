// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/hosted_plugins.h"

#include <fmt/format.h>

#include "registry/compute/environment.h"
#include "registry/service/libraries.h"

namespace assay::daemon {
namespace {

PluginHostOptions host_options(Database& database, const HostedPluginsOptions& options, StoredArtifacts& artifacts) {
  PluginHostOptions out = plugin_host_beside(options.executable, options.plugin_path);
  out.trusted = options.trusted_plugins;
  out.idle_workers = kIdleWorkers;
  out.registry = [&artifacts](std::string_view wanted) { return artifacts.find_plugin(wanted); };
  if (!options.plugin_keys.empty()) out.keys = TrustedKeys::load(options.plugin_keys);
  out.vet = [&database](const PluginInfo& plugin) {
    database.read([&](Snapshot& snapshot) {
      require_runnable(snapshot, plugin.digest, fmt::format("Plugin {} {}", plugin.name, plugin.version));
    });
  };
  return out;
}

}  // namespace

HostedPlugins::HostedPlugins(Database& database, const BlobStore& blobs, const HostedPluginsOptions& options)
    : database_(database),
      blobs_(blobs),
      scratch_(options.scratch),
      version_(options.version),
      artifacts_(database, blobs, options.scratch),
      plugins_(host_options(database, options, artifacts_)) {}

std::unique_ptr<Artifacts> HostedPlugins::copies() {
  return std::make_unique<StoredArtifacts>(database_, blobs_, scratch_ / fmt::format("job-{}", ++jobs_));
}

std::string HostedPlugins::environment() {
  return this_environment(version_);
}

}  // namespace assay::daemon
