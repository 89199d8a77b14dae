// SPDX-License-Identifier: Apache-2.0
// `assay validate`: whether a dataset is as it should be, as evidence. The work is compute/validate.h's.
#include "registry/compute/validate.h"

#include "registry/cli/bench.h"
#include "registry/cli/commands.h"
#include "registry/cli/evidence_table.h"

namespace assay::cli {
namespace {

struct Options {
  ComputeOptions compute;
  ValidateRequest request;
};

int run_validate(Context& context, const Options& options) {
  ValidateRequest request = options.request;
  request.plugin = options.compute.plugin;
  request.component = options.compute.component;
  request.config = settings_json(options.compute.settings);
  if (on_server(options.compute))
    return finish_evidence(context, make_on_server(context, options.compute,
                                                   {{"kind", "validation"},
                                                    {"data", request.data},
                                                    {"reference", request.against},
                                                    {"label", request.label}}));
  Bench bench(context);
  const EvidenceResult result = [&] {
    TerminalProgress progress(request.plugin);
    return validate(request, bench.workbench(), call_options(options.compute), progress);
  }();
  return finish_evidence(context, result);
}

}  // namespace

void add_validate(CommandSet& commands) {
  auto options = make_options<Options>();
  options->compute.plugin = "table_contract";
  CLI::App& command = commands.add(
      kComputeGroup, {"validate", "Check a dataset against rules, or against an earlier version",
                      "assay validate churn-train@2 --plugin table_contract --against churn-train@1",
                      "0 valid, 10 an error was found"});
  command.add_option("data", options->request.data, "the dataset: NAME@VERSION")->required();
  add_compute_options(command, options->compute, "the validator");
  add_place_option(command, options->compute);
  command.add_option("--against", options->request.against, "a dataset that shows how it should be");
  command.add_option("--target", options->request.label, "the label's column");
  commands.on(command, [options](Context& context) { return run_validate(context, *options); });
}

}  // namespace assay::cli
