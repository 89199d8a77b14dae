// SPDX-License-Identifier: Apache-2.0
// `assay drift`: whether new rows still look like those that a model was trained on. The work is
// compute/drift.h's.
#include "registry/compute/drift.h"

#include "registry/cli/bench.h"
#include "registry/cli/commands.h"
#include "registry/cli/evidence_table.h"

namespace assay::cli {
namespace {

struct Options {
  ComputeOptions compute;
  DriftRequest request;
  std::string data;
};

// A name has no '/' but its namespace's, and no file is called like `churn@1`; what exists as a file is one.
bool is_file(const std::string& text) {
  std::error_code none;
  return std::filesystem::exists(text, none) || text.ends_with(".csv") || text.starts_with('/') ||
         text.starts_with('.');
}

EvidenceResult drift_on_server(Context& context, const Options& options) {
  if (is_file(options.data))
    throw Error(Code::invalid_argument, "--on server reads what is stored there: push " + options.data +
                                            " as a dataset first, or leave out --on server");
  return make_on_server(context, options.compute,
                        {{"kind", "drift"},
                         {"model", options.request.model},
                         {"data", options.data},
                         {"reference", options.request.reference}});
}

int run_drift(Context& context, const Options& options) {
  if (on_server(options.compute)) return finish_evidence(context, drift_on_server(context, options));
  DriftRequest request = options.request;
  request.plugin = options.compute.plugin;
  request.component = options.compute.component;
  request.config = settings_json(options.compute.settings);
  if (is_file(options.data))
    request.data_file = options.data;
  else
    request.data = options.data;
  Bench bench(context);
  const EvidenceResult result = [&] {
    TerminalProgress progress(request.plugin);
    return drift(request, bench.workbench(), call_options(options.compute), progress);
  }();
  return finish_evidence(context, result);
}

}  // namespace

void add_drift(CommandSet& commands) {
  auto options = make_options<Options>();
  options->compute.plugin = "drift";
  CLI::App& command = commands.add(
      kComputeGroup,
      {"drift", "Compare new rows with those that a model was trained on",
       "assay drift churn@production --data week-46.csv\nassay drift churn@production --data week-46@1",
       "0 no drift, 10 drifted"});
  command.add_option("model", options->request.model, "the model: NAME@VERSION or NAME@STAGE")->required();
  command.add_option("--data", options->data, "the new rows: a CSV file, or a dataset")->required();
  command.add_option("--reference", options->request.reference,
                     "a dataset to compare with, instead of the training data");
  add_compute_options(command, options->compute, "the detector");
  add_place_option(command, options->compute);
  commands.on(command, [options](Context& context) { return run_drift(context, *options); });
}

}  // namespace assay::cli
