// SPDX-License-Identifier: Apache-2.0
// Training: a dataset version, a plugin, a config and a seed become a model version, and a run that says so.
// A run that fails is recorded too, with its reason.
#pragma once

#include <string>
#include <vector>

#include "registry/compute/ports.h"

namespace assay {

struct TrainRequest {
  std::string plugin;          // as Plugins::find takes it
  std::string component = {};  // empty: the only trainer of the plugin
  std::string data;            // reference of a dataset
  std::string valid = {};      // reference of a dataset for early stopping; empty: none
  std::string label;           // the column to learn
  std::string config = "{}";   // JSON object
  std::string to;              // the model's name
};

struct TrainResult {
  ArtifactVersion model;
  Id run;
  PluginUse plugin;
  Config config;  // complete
  ArtifactVersion data;
  std::int64_t rows = 0;
  std::vector<RunMetric> metrics;
};

// `options.seed` is the training seed, 0 … 2^53-1.
TrainResult train(const TrainRequest& request, Workbench bench, const CallOptions& options,
                  Progress& progress);

}  // namespace assay
