// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/hosted_scoring.h"

namespace assay::daemon {

std::string HostedScoring::score(const ScoreRequest& request) {
  ArtifactVersion model = artifacts_.resolve(Kind::model, request.version.text());
  model.reference = request.label;
  CallOptions call;
  call.deadline = std::chrono::steady_clock::now() + kScoreDeadline;
  return request.format == TableFormat::csv ? cache_.score_csv(model, request.body, call)
                                            : cache_.score_json(model, request.body, call);
}

}  // namespace assay::daemon
