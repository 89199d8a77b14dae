// SPDX-License-Identifier: Apache-2.0
// `assay evaluate`: how good a model is on a dataset, or how much better than another, as evidence. The work is that
// of compute/evaluate.h and compute/compare.h.
#include "registry/compute/evaluate.h"

#include "registry/cli/bench.h"
#include "registry/cli/commands.h"
#include "registry/cli/evidence_table.h"
#include "registry/cli/whole_number.h"
#include "registry/compute/compare.h"
#include "registry/compute/time_scoring.h"

namespace assay::cli {
namespace {

struct Options {
  ComputeOptions compute;
  EvaluateRequest request;
  std::string against;
  TimingRequest timing;
  bool latency = false;
};

int run_timing(Context& context, const Options& options) {
  TimingRequest timing = options.timing;
  timing.model = options.request.model;
  timing.data = options.request.data;
  if (on_server(options.compute))
    return finish_evidence(context,
                           make_on_server(context, options.compute,
                                          {{"kind", "evaluation"},
                                           {"model", timing.model},
                                           {"data", timing.data},
                                           {"timing", {{"batches", timing.batches}, {"calls", timing.calls}}}}));
  Bench bench(context);
  const EvidenceResult result = [&] {
    TerminalProgress progress("latency");
    return time_scoring(timing, bench.workbench(), call_options(options.compute), progress);
  }();
  return finish_evidence(context, result);
}

int run_evaluate(Context& context, const Options& options) {
  if (options.latency) return run_timing(context, options);
  EvaluateRequest request = options.request;
  request.plugin = options.compute.plugin;
  request.component = options.compute.component;
  request.config = settings_json(options.compute.settings);
  if (on_server(options.compute))
    return finish_evidence(context, make_on_server(context, options.compute,
                                                   {{"kind", options.against.empty() ? "evaluation" : "comparison"},
                                                    {"model", request.model},
                                                    {"data", request.data},
                                                    {"reference", options.against},
                                                    {"label", request.label},
                                                    {"group", request.group}}));
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
                      "assay evaluate churn@4 --against churn@production --data churn-holdout@1\n"
                      "assay evaluate churn@4 --data churn-holdout@1 --on server     # attested: the registry's own word\n"
                      "assay evaluate churn@4 --data churn-holdout@1 --latency       # what a policy's rule `latency` reads",
                      "0 measured"});
  command.add_option("model", options->request.model, "the model: NAME@VERSION or NAME@STAGE")->required();
  add_compute_options(command, options->compute, "the evaluator");
  add_place_option(command, options->compute);
  command.add_option("--data", options->request.data, "the dataset to measure on")->required();
  command.add_option("--target", options->request.label,
                     "the column with the truth, if it is not the one trained on");
  command.add_option("--by", options->request.group, "a column to break the metrics down by");
  command.add_option("--against", options->against,
                     "another model: record a paired comparison with it over the same rows instead");
  CLI::Option* latency = command.add_flag("--latency", options->latency,
                                          "record how long the model takes to answer instead");
  command.add_option("--batch", options->timing.batches, "with --latency: rows of a call; may be repeated")
      ->check(whole_number(1, TimingRequest::kMaxBatch))
      ->needs(latency)
      ->capture_default_str();
  command.add_option("--calls", options->timing.calls, "with --latency: how many calls of each size are timed")
      ->check(whole_number(1, TimingRequest::kMaxCalls))
      ->needs(latency)
      ->capture_default_str();
  for (const char* other : {"--plugin", "--component", "--set", "--seed", "--target", "--by", "--against"})
    latency->excludes(command.get_option(other));
  commands.on(command, [options](Context& context) { return run_evaluate(context, *options); });
}

}  // namespace assay::cli
