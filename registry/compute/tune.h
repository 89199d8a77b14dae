// SPDX-License-Identifier: Apache-2.0
// A search for the settings of a trainer: many are tried on some rows, the better ones on more, and the best
// becomes a model version, as `train` would have made it with those settings.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/compute/train.h"

namespace assay {

enum class SearchMethod {
  random,   // every trial learns from all rows
  halving,  // successive halving by thirds: rows triple while trials are thinned to the best third
};

struct TuneRequest {
  TrainRequest train;       // its config holds the settings that are not searched; `valid` judges the trials
  std::string evaluator;    // the plugin that judges, as Plugins::find takes it
  std::string metric;       // the evaluator's number to improve, in the direction that it says is better
  std::vector<std::string> ranges{};  // as `narrow` takes them
  std::uint32_t trials = 27;          // settings tried; the first are the defaults
  SearchMethod method = SearchMethod::halving;
};
inline constexpr std::uint32_t kMaxTrials = 10'000;

// One fit and what it was worth.
struct Trial {
  std::uint32_t number = 0;  // of its settings; the same in every round
  Config config;
  std::int64_t rows = 0;         // learned from
  std::optional<double> value;   // of the metric on the validation rows; none when it failed
  std::string failure;           // why there is none
  std::optional<Id> run;
};

struct TuneResult {
  std::vector<Trial> trials;  // in the order they ran
  Trial best;                 // on all rows
  bool higher_is_better = true;
  TrainResult model;
};

// Each trial is a run in the log, with the metric as "valid_<metric>". `options.seed` is the seed of the draws
// and of every fit. A trial that the plugin refuses is a failed one; a crash or refusal of all ends the search
// with the first reason. Throws invalid_argument when nothing can be searched or there is no such metric.
TuneResult tune(const TuneRequest& request, Workbench bench, const CallOptions& options, Progress& progress);

}  // namespace assay
