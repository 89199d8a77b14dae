// SPDX-License-Identifier: Apache-2.0
// `assay history`: every decision about the stages of a model.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/decision_text.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"

namespace assay::cli {
namespace {

struct Options {
  std::string model;
  std::string stage;
  std::size_t limit = 100;
};

std::vector<std::string> stages_of(Context& context, const Name& model, const std::string& wanted) {
  if (!wanted.empty()) return {StageName::parse(wanted).text()};
  std::vector<std::string> out;
  for (const Stage& stage : context.api().stages(model)) out.push_back(stage.name);
  return out;
}

std::vector<Decision> decisions_of(Context& context, const Name& model, const Options& options) {
  std::vector<Decision> out;
  for (const std::string& stage : stages_of(context, model, options.stage))
    for (Decision& decision : context.api().stage_history(model, stage, options.limit))
      out.push_back(std::move(decision));
  std::stable_sort(out.begin(), out.end(),
                   [](const auto& left, const auto& right) { return left.at > right.at; });
  if (out.size() > options.limit)
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(options.limit), out.end());
  return out;
}

void print_decisions(const std::vector<Decision>& decisions) {
  Table table({"when", "stage", "action", "candidate", "verdict", "stage held", "revision", "by", "reason"});
  for (const Decision& decision : decisions)
    table.add({human_time(format_time(decision.at)), decision.stage, std::string(to_text(decision.action)),
               show_mark(decision, decision.candidate), std::string(to_text(decision.verdict)),
               show_mark(decision, decision.champion), std::to_string(decision.revision_after),
               decision.actor, decision.reason});
  table.print(std::cout);
}

int history(Context& context, const Options& options) {
  const Name model = Name::parse(options.model);
  const std::vector<Decision> decisions = decisions_of(context, model, options);
  if (context.json()) {
    nlohmann::json document = nlohmann::json::array();
    for (const Decision& decision : decisions) document.push_back(decision);
    context.print_json(document);
  } else if (decisions.empty()) {
    std::cout << "no stage of " << show_name(model) << " was ever asked to move\n";
  } else {
    print_decisions(decisions);
  }
  return 0;
}

}  // namespace

void add_history(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command =
      commands.add(kRecordGroup, {"history", "List the decisions about a model's stages, newest first",
                                  "assay history churn --stage production", ""});
  command.add_option("model", options->model, "the model")->required();
  command.add_option("--stage", options->stage, "only this stage");
  command.add_option("--limit", options->limit, "at most so many")
      ->capture_default_str()
      ->check(whole_number(1));
  commands.on(command, [options](Context& context) { return history(context, *options); });
}

}  // namespace assay::cli
