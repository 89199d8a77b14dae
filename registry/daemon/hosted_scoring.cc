// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/hosted_scoring.h"

namespace assay::daemon {
namespace {

PluginHostOptions host_options(const ScoringOptions& options, StoredArtifacts& artifacts) {
  PluginHostOptions out = plugin_host_beside(options.executable, options.plugin_path);
  out.registry = [&artifacts](std::string_view wanted) { return artifacts.find_plugin(wanted); };
  return out;
}

}  // namespace

HostedScoring::HostedScoring(Database& database, const BlobStore& blobs, const ScoringOptions& options)
    : artifacts_(database, blobs, options.scratch),
      plugins_(host_options(options, artifacts_)),
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
