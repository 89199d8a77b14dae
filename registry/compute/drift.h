// SPDX-License-Identifier: Apache-2.0
// Drift: a window of new rows against the rows that a model was trained on, features by feature, and the
// model's own predictions on both.
#pragma once

#include <filesystem>
#include <string>

#include "registry/compute/evaluate.h"

namespace assay {

struct DriftRequest {
  std::string model;  // reference of a model
  // The window: a dataset reference, or a CSV file on this machine. Exactly one is given.
  std::string data = {};
  std::filesystem::path data_file = {};
  std::string reference = {};  // reference of a dataset; empty: the model's training data
  std::string plugin = "drift";
  std::string component = {};  // empty: the only detector of the plugin
  std::string config = "{}";
};

// Evidence for a bare file is bound to the SHA-256 of its bytes.
EvidenceResult drift(const DriftRequest& request, Workbench bench, const CallOptions& options,
                     Progress& progress);

}  // namespace assay
