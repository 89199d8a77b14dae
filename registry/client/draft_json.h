// SPDX-License-Identifier: Apache-2.0
// Runs and evidence as a client sends them, before the server has said anything of them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "registry/domain/evidence.h"
#include "registry/domain/run.h"

namespace assay::client {

// What the domain's run_draft_from_json, run_outcome_from_json and evidence_draft_from_json read back as
// equal values.
nlohmann::json draft_json(const RunDraft& run);
nlohmann::json draft_json(const RunOutcome& outcome);
nlohmann::json draft_json(const EvidenceDraft& evidence);

}  // namespace assay::client
