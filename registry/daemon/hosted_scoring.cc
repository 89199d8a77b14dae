// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/hosted_scoring.h"

#include <fmt/format.h>

#include "registry/service/libraries.h"

namespace assay::daemon {
namespace {

PluginHostOptions host_options(Database& database, const ScoringOptions& options,
                               StoredArtifacts& artifacts) {
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

HostedScoring::HostedScoring(Database& database, const BlobStore& blobs, const ScoringOptions& options)
    : artifacts_(database, blobs, options.scratch),
      plugins_(host_options(database, options, artifacts_)),
      cache_(plugins_, artifacts_) {}

std::string HostedScoring::score(const ScoreRequest& request) {
  ArtifactVersion model = artifacts_.resolve(Kind::model, request.version.text());
  model.reference = request.label;
  CallOptions call;
  call.deadline = std::chrono::steady_clock::now() + kScoreDeadline;
  return request.format == TableFormat::csv ? cache_.score_csv(model, request.body, call)
                                            : cache_.score_json(model, request.body, call);
}

}  // namespace assay::daemon
