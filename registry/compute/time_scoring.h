// SPDX-License-Identifier: Apache-2.0
// How long a model takes to answer, as evidence on the dataset whose rows it was asked about. What is timed is one call:
// rows in memory, made to fit the model's columns, through its plugin's worker and back; no HTTP, no CSV.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "registry/compute/evidence_result.h"

namespace assay {

struct TimingRequest {
  std::string model;  // reference of a model
  std::string data;   // reference of a dataset; its rows are used in their order, again from the first when they end
  std::vector<std::int64_t> batches = {1, 1000};  // rows of a call; each is timed on its own
  std::int64_t calls = 1000;  // timed of each, after a tenth as many that are not

  static constexpr std::size_t kMaxBatches = 8;
  static constexpr std::int64_t kMaxBatch = 100'000;
  static constexpr std::int64_t kMaxCalls = 100'000;
};

// Throws invalid_argument past the limits, before anything is looked up: who puts a request off refuses it at once.
void check_limits(const TimingRequest& request);

// An evaluation by the model's own scorer, with the rows of domain/latency.h for each batch; its run is one of scoring.
// Throws as check_limits does, and invalid_argument for a dataset without rows.
EvidenceResult time_scoring(const TimingRequest& request, Workbench bench, const CallOptions& options,
                            Progress& progress);

}  // namespace assay
