// SPDX-License-Identifier: Apache-2.0
// `assay rollback`: a stage goes back to a version that it held before.
#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/decision_report.h"

namespace assay::cli {
namespace {

struct Options {
  std::string model;
  std::string stage;
  std::string to = "last-good";
  std::string reason;
  ReportOptions report;
};

int roll_back(Context& context, const Options& options) {
  const Decision decision = context.api().roll_back(
      Name::parse(options.model), StageName::parse(options.stage).text(), options.to, options.reason);
  report_decision(context, decision, options.report);
  return exit_code(decision.verdict);
}

}  // namespace

void add_rollback(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command =
      commands.add(kStageGroup, {"rollback", "Move a stage back to a version that it held before",
                                 "assay rollback churn --stage production --reason \"complaints since noon\"",
                                 "0 rolled back or already there"});
  command.add_option("model", options->model, "the model")->required();
  command.add_option("--stage", options->stage, "the stage")->required();
  command.add_option("--to", options->to, "last-good, or a version number that the stage once held")
      ->capture_default_str();
  command.add_option("--reason", options->reason, "why, for the record");
  add_report_options(command, options->report);
  commands.on(command, [options](Context& context) { return roll_back(context, *options); });
}

}  // namespace assay::cli
