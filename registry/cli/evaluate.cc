// SPDX-License-Identifier: Apache-2.0
// `assay evaluate`: how good a model is on a dataset, or how much better than another, as evidence. The work is that
// of compute/evaluate.h and compute/compare.h.
#include "registry/compute/evaluate.h"

#include "registry/cli/bench.h"
#include "registry/cli/commands.h"
#include "registry/cli/evidence_table.h"
#include "registry/compute/compare.h"

namespace assay::cli {
namespace {

struct Options {
  ComputeOptions compute;
  EvaluateRequest request;
  std::string against;
};

int run_evaluate(Context& context, const Options& options) {
  EvaluateRequest request = options.request;
  request.plugin = options.compute.plugin;
  request.component = options.compute.component;
  request.config = settings_json(options.compute.settings);
  Bench bench(context);
  const EvidenceResult result = [&] {
    TerminalProgress progress(request.plugin);
    const CallOptions call = call_options(options.compute);
    return options.against.empty() ? evaluate(request, bench.workbench(), call, progress)
                                   : compare(request, options.against, bench.workbench(), call, progress);
  }();
  return finish_evidence(context, result);
}

}  // namespace

void add_evaluate(CommandSet& commands) {
  auto options = make_options<Options>();
  options->compute.plugin = "classification";
  CLI::App& command = commands.add(
      kComputeGroup, {"evaluate", "Measure a model on a dataset and record the evidence",
                      "assay evaluate churn@4 --plugin classification --data churn-holdout@1\n"
                      "assay evaluate churn@4 --against churn@production --data churn-holdout@1",
                      "0 measured"});
  command.add_option("model", options->request.model, "the model: NAME@VERSION or NAME@STAGE")->required();
  add_compute_options(command, options->compute, "the evaluator");
  command.add_option("--data", options->request.data, "the dataset to measure on")->required();
  command.add_option("--target", options->request.label,
                     "the column with the truth, if it is not the one trained on");
  command.add_option("--by", options->request.group, "a column to break the metrics down by");
  command.add_option("--against", options->against,
                     "another model: record a paired comparison with it over the same rows instead");
  commands.on(command, [options](Context& context) { return run_evaluate(context, *options); });
}

}  // namespace assay::cli
