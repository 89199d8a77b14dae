// SPDX-License-Identifier: Apache-2.0
// Evaluation: a model scores a dataset with the very plugin it was trained with, an evaluator folds label and
// score into metrics, and evidence binds the numbers to every digest involved.
#pragma once

#include <string>

#include "registry/compute/ports.h"

namespace assay {

struct EvaluateRequest {
  std::string model;           // reference of a model
  std::string data;            // reference of a dataset
  std::string plugin;          // the evaluator
  std::string component = {};  // empty: the only evaluator of the plugin
  std::string label = {};      // empty: the model's own label
  std::string group = {};      // a column to break metrics down by; empty: none
  std::string config = "{}";
};

// What evaluate, validate and drift answer.
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

EvidenceResult evaluate(const EvaluateRequest& request, Workbench bench, const CallOptions& options,
                        Progress& progress);

}  // namespace assay
