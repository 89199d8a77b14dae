// SPDX-License-Identifier: Apache-2.0
// Evaluation: a model scores a dataset with the very plugin it was trained with, an evaluator folds label and
// score into metrics, and evidence binds the numbers to every digest involved.
#pragma once

#include <string>

#include "registry/compute/evidence_result.h"

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

EvidenceResult evaluate(const EvaluateRequest& request, Workbench bench, const CallOptions& options,
                        Progress& progress);

}  // namespace assay
