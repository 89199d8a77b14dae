// SPDX-License-Identifier: Apache-2.0
// Doing a recorded run again, with the same bytes in: does the same come out? Nothing is published or recorded.
#pragma once

#include <string>
#include <vector>

#include "registry/compute/ports.h"

namespace assay {

struct Reproduction {
  struct Difference {
    std::string what;  // "model", "rows/3 roc_auc"
    std::string recorded, now;
  };
  std::string compared;  // what both sides have when nothing differs: the model's digest, "12 rows"
  std::vector<Difference> differences;

  bool equal() const { return differences.empty(); }
};

// `recorded` is the run's evidence; a training run needs none, and what it published is compared by digest. `bench` is
// read from only. Throws unsupported for a run that says too little or left nothing to compare with, not_found naming
// the input or plugin that is not here, and as the work itself does; each with what to do.
Reproduction reproduce(const Run& run, const Evidence* recorded, Workbench bench, Progress& progress);

}  // namespace assay
