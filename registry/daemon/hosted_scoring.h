// SPDX-License-Identifier: Apache-2.0
// Scoring over HTTP: the service's port on compute's warm models.
#pragma once

#include <chrono>

#include "registry/compute/scoring_cache.h"
#include "registry/daemon/hosted_plugins.h"
#include "registry/service/score.h"

namespace assay::daemon {

// A request that takes longer is stopped: a worker thread of the server waits for it.
inline constexpr std::chrono::seconds kScoreDeadline{60};

// Any thread. Borrows the plugins.
class HostedScoring final : public ScoreService {
 public:
  explicit HostedScoring(HostedPlugins& hosted)
      : artifacts_(hosted.artifacts()), cache_(hosted.plugins(), hosted.artifacts()) {}

  std::string score(const ScoreRequest& request) override;

 private:
  StoredArtifacts& artifacts_;
  ScoringCache cache_;
};

}  // namespace assay::daemon
