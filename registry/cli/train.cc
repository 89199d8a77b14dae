// SPDX-License-Identifier: Apache-2.0
// `assay train`: a dataset, a plugin and a seed become a model version. The work is compute/train.h's.
#include "registry/compute/train.h"

#include <fmt/format.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "registry/cli/bench.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  ComputeOptions compute;
  TrainRequest request;
};

// A metric may be reported once a round; people want where it ended.
std::map<std::string, RunMetric> last_values(const std::vector<RunMetric>& metrics) {
  std::map<std::string, RunMetric> out;
  for (const RunMetric& metric : metrics) {
    const auto [place, fresh] = out.try_emplace(metric.name, metric);
    if (!fresh && metric.step >= place->second.step) place->second = metric;
  }
  return out;
}

void print_result(const TrainResult& result) {
  std::cout << fmt::format("{} {}\n", show_reference(result.model.reference), result.model.digest.text())
            << fmt::format("trained on {} ({} rows) by {} {}, run {}\n",
                           show_reference(result.data.reference), result.rows, plain(result.plugin.name),
                           plain(result.plugin.version), result.run.text())
            << "settings " << result.config.canonical << '\n';
  const auto metrics = last_values(result.metrics);
  if (metrics.empty()) return;
  std::cout << '\n';
  Table table({"metric", "value", "step"});
  for (const auto& [name, metric] : metrics)
    table.add({name, human_number(metric.value), std::to_string(metric.step)});
  table.print(std::cout);
}

nlohmann::json document_of(const TrainResult& result) {
  nlohmann::json metrics = nlohmann::json::object();
  for (const auto& [name, metric] : last_values(result.metrics))
    metrics[name] = metric.value ? nlohmann::json(*metric.value) : nlohmann::json();
  return {{"reference", result.model.reference},
          {"digest", result.model.digest.text()},
          {"run_id", result.run.text()},
          {"plugin", result.plugin},
          {"config", nlohmann::json::parse(result.config.canonical)},
          {"data", {{"reference", result.data.reference}, {"digest", result.data.digest.text()}}},
          {"rows", result.rows},
          {"metrics", std::move(metrics)}};
}

int run_train(Context& context, const Options& options) {
  TrainRequest request = options.request;
  request.plugin = options.compute.plugin;
  request.component = options.compute.component;
  request.config = settings_json(options.compute.settings);
  // Refused now rather than after an hour of training.
  Name::parse(request.to);
  Bench bench(context);
  TrainResult result = [&] {
    TerminalProgress progress(request.plugin);
    return train(request, bench.workbench(), call_options(options.compute), progress);
  }();
  if (context.json())
    context.print_json(document_of(result));
  else
    print_result(result);
  return 0;
}

}  // namespace

void add_train(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kComputeGroup,
      {"train", "Train a model from a dataset, on this machine",
       "assay train --plugin gbt --data churn-train@1 --target late --set max_depth=6 --seed 7 --to churn",
       "0 trained and published"});
  add_compute_options(command, options->compute, "the algorithm");
  command.add_option("--data", options->request.data, "the dataset to learn from")->required();
  command.add_option("--valid", options->request.valid, "a dataset to watch, for early stopping");
  command.add_option("--target", options->request.label, "the column to learn")->required();
  command.add_option("--to", options->request.to, "the model whose next version it becomes")->required();
  commands.on(command, [options](Context& context) { return run_train(context, *options); });
}

}  // namespace assay::cli
