// SPDX-License-Identifier: Apache-2.0
// `assay evaluate`: how good a model is on a dataset, as evidence. The work is compute/evaluate.h's.
#include "registry/compute/evaluate.h"

#include "registry/cli/bench.h"
#include "registry/cli/commands.h"
#include "registry/cli/evidence_table.h"

namespace assay::cli {
namespace {

struct Options {
  ComputeOptions compute;
  EvaluateRequest request;
};

int run_evaluate(Context& context, const Options& options) {
  EvaluateRequest request = options.request;
  request.plugin = options.compute.plugin;
  request.component = options.compute.component;
  request.config = settings_json(options.compute.settings);
  Bench bench(context);
  const EvidenceResult result = [&] {
    TerminalProgress progress(request.plugin);
    return evaluate(request, bench.workbench(), call_options(options.compute), progress);
  }();
  return finish_evidence(context, result);
}

}  // namespace

void add_evaluate(CommandSet& commands) {
  auto options = make_options<Options>();
  options->compute.plugin = "classification";
  CLI::App& command = commands.add(
      kComputeGroup, {"evaluate", "Measure a model on a dataset and record the evidence",
                      "assay evaluate churn@4 --plugin classification --data churn-holdout@1", "0 measured"});
  command.add_option("model", options->request.model, "the model: NAME@VERSION or NAME@STAGE")->required();
  add_compute_options(command, options->compute, "the evaluator");
  command.add_option("--data", options->request.data, "the dataset to measure on")->required();
  command.add_option("--target", options->request.label,
                     "the column with the truth, if it is not the one trained on");
  command.add_option("--by", options->request.group, "a column to break the metrics down by");
  commands.on(command, [options](Context& context) { return run_evaluate(context, *options); });
}

}  // namespace assay::cli
