// SPDX-License-Identifier: Apache-2.0
// `assay promote`: asks the server to move a stage, and answers with the verdict's own exit code.
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/decision_text.h"

namespace assay::cli {
namespace {

struct Options {
  std::string reference;
  std::string stage;
  std::int64_t expected = -1;
  bool dry_run = false;
};

int promote(Context& context, const Options& options) {
  const Reference reference = Reference::parse(options.reference);
  client::PromotionWanted wanted{reference.selector.text(), std::nullopt, options.dry_run};
  if (options.expected >= 0) wanted.expected_revision = options.expected;
  const Decision decision =
      context.api().promote(reference.name, StageName::parse(options.stage).text(), wanted);
  if (context.json())
    context.print_json(decision);
  else
    print_decision(decision, std::cout);
  return exit_code(decision.verdict);
}

}  // namespace

void add_promote(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kStageGroup,
      {"promote", "Move a stage to a version, if its policy agrees",
       "assay promote churn@4 --to production\nassay promote churn@4 --to production --expect 3 --dry-run",
       "0 promoted or already there, 10 a rule refused it, 11 evidence missing or stale, "
       "12 evidence not comparable, 30 the stage moved meanwhile"});
  command
      .add_option("reference", options->reference, "the version: NAME@VERSION, NAME@STAGE or NAME@sha256:…")
      ->required();
  command.add_option("--to", options->stage, "the stage")->required();
  command
      .add_option("--expect", options->expected,
                  "only if the stage is at this revision (see `assay show`, `history`)")
      ->check(CLI::NonNegativeNumber);
  command.add_flag("--dry-run", options->dry_run, "judge, but move and record nothing");
  commands.on(command, [options](Context& context) { return promote(context, *options); });
}

}  // namespace assay::cli
