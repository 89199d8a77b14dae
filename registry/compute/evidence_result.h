// SPDX-License-Identifier: Apache-2.0
// What evaluate, compare, validate and drift answer, and its JSON: what `--json` prints, and what the server says of
// evidence that it made itself.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "registry/compute/ports.h"

namespace assay {

struct EvidenceResult {
  Id evidence;
  Id run;
  EvidenceDraft draft;  // what was recorded: kind, digests, plugin, config and the rows of the result table
  std::optional<ArtifactVersion> model;
  std::optional<ArtifactVersion> data;  // none when a bare file was judged
  std::optional<ArtifactVersion> reference;
  std::int64_t rows_read = 0;

  // False when a validator found an error or a detector found drift.
  bool passed() const { return derive_verdict(draft.rows) != EvidenceVerdict::fail; }
};

// {"evidence_id","run_id","kind","model","data","reference","dataset_digest","plugin","config","seed","rows_read",
// "rows","verdict"}, versions as {"reference","digest"} or null.
void to_json(nlohmann::json& json, const EvidenceResult& result);
// Reads what to_json wrote: versions without their files. Throws invalid_argument.
EvidenceResult evidence_result_from_json(const nlohmann::json& document);

}  // namespace assay
