// SPDX-License-Identifier: Apache-2.0
// `assay approve`: answers a promotion that waits for people, or lists those that do.
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/decision_report.h"
#include "registry/cli/decision_text.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  std::string decision;
  bool reject = false;
  std::string reason;
  ReportOptions report;
};

std::string approvals_text(const Decision& decision) {
  for (const RuleResult& rule : decision.rules)
    if (rule.kind == RuleKind::approvals) return rule.explanation;
  return "-";
}

int list(Context& context) {
  const std::vector<Decision> waiting = context.api().waiting_decisions();
  if (context.json()) {
    context.print_json(nlohmann::json(waiting));
  } else if (waiting.empty()) {
    std::cout << "nothing waits for approval\n";
  } else {
    Table table({"decision", "version", "stage", "asked by", "when", "approvals"});
    for (const Decision& decision : waiting)
      table.add({decision.id->text(), show_mark(decision, decision.candidate), decision.stage, decision.actor,
                 human_time(format_time(decision.at)), approvals_text(decision)});
    table.print(std::cout);
  }
  return 0;
}

int approve(Context& context, const Options& options) {
  if (options.decision.empty()) return list(context);
  const Decision decision =
      context.api().answer_decision(Id::parse(options.decision).text(), !options.reject, options.reason);
  report_decision(context, decision, options.report);
  // A refusal that was wanted is a success.
  if (options.reject && decision.verdict == DecisionVerdict::refused) return 0;
  return exit_code(decision.verdict);
}

}  // namespace

void add_approve(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kStageGroup, {"approve", "Answer a promotion that waits for approval, or list those that do",
                    "assay approve\n"
                    "assay explain 01kb2h5v0q4t8w9xaz3c6d7efg   # look at it first\n"
                    "assay approve 01kb2h5v0q4t8w9xaz3c6d7efg\n"
                    "assay approve 01kb2h5v0q4t8w9xaz3c6d7efg --reject --reason \"not before the audit\"",
                    "0 promoted, or rejected as asked; 20 more people must approve; otherwise as promote, for it is judged "
                    "anew"});
  command.add_option("decision", options->decision, "the id of a decision; none lists all that wait");
  command.add_flag("--reject", options->reject, "say no");
  command.add_option("--reason", options->reason, "why, for the record");
  add_report_options(command, options->report);
  commands.on(command, [options](Context& context) { return approve(context, *options); });
}

}  // namespace assay::cli
