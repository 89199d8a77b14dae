// SPDX-License-Identifier: Apache-2.0
// Validation: a dataset version against a validator's rules and, if asked, against an earlier version of
// itself.
#pragma once

#include <string>

#include "registry/compute/evaluate.h"

namespace assay {

struct ValidateRequest {
  std::string data;          // reference of a dataset
  std::string against = {};  // reference of a dataset to compare with; empty: none
  std::string plugin;
  std::string component = {};  // empty: the only validator of the plugin
  std::string label = {};      // the column in the role "label"; empty: none
  std::string config = "{}";
};

EvidenceResult validate(const ValidateRequest& request, Workbench bench, const CallOptions& options,
                        Progress& progress);

}  // namespace assay
