// SPDX-License-Identifier: Apache-2.0
// Scoring over HTTP: the service's port on compute's warm models, whose plugins run in worker processes.
#pragma once

#include <chrono>
#include <filesystem>

#include "registry/compute/scoring_cache.h"
#include "registry/daemon/stored_artifacts.h"
#include "registry/plugin_host/worker_plugins.h"
#include "registry/service/score.h"

namespace assay::daemon {

// A request that takes longer is stopped: a worker thread of the server waits for it.
inline constexpr std::chrono::seconds kScoreDeadline{60};
// Kept ready for models that are asked for the first time.
inline constexpr std::size_t kIdleWorkers = 2;

struct ScoringOptions {
  std::filesystem::path scratch;
  std::filesystem::path executable;
  std::string plugin_path;
  std::filesystem::path plugin_keys;  // empty: plugins need no signature
  std::set<Digest> trusted_plugins;
};

// Any thread. Borrows database and store.
class HostedScoring final : public ScoreService {
 public:
  HostedScoring(Database& database, const BlobStore& blobs, const ScoringOptions& options);

  std::string score(const ScoreRequest& request) override;

 private:
  StoredArtifacts artifacts_;
  WorkerPlugins plugins_;
  ScoringCache cache_;
};

}  // namespace assay::daemon
