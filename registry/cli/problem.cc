// SPDX-License-Identifier: Apache-2.0
// `assay problem`: says what a model is for.
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"
#include "registry/cli/yaml_file.h"

namespace assay::cli {
namespace {

struct Options {
  std::string model;
  std::string file;
};

int finish(Context& context, const Name& model, const nlohmann::json& answer) {
  if (context.json()) {
    context.print_json(answer);
    return 0;
  }
  std::cout << "problem of " << show_name(model) << ' ' << plain(answer.value("digest", "")) << '\n';
  const nlohmann::json problem = answer.value("problem", nlohmann::json::object());
  for (const auto& [key, value] : problem.items())
    std::cout << "- " << plain(key) << ": " << plain(value.is_string() ? value.get<std::string>() : value.dump()) << '\n';
  return 0;
}

}  // namespace

void add_problem(CommandSet& commands) {
  CLI::App& family = commands.add_family(
      kRecordGroup, "problem", "Say what a model is for: target, metric, cost of mistakes, owner");
  auto set = make_options<Options>();
  CLI::App& setting = commands.add(family, {"set", "Set it from a file, JSON or YAML; earlier ones stay on record",
                                               "assay problem set churn problem.yaml\n"
                                               "#   target: churned\n"
                                               "#   unit: a customer in a month\n"
                                               "#   primary_metric: roc_auc\n"
                                               "#   margin: -0.005\n"
                                               "#   cost_matrix: {fn: 500, fp: 20}\n"
                                               "#   guardrails: [{name: recall, at_least: 0.6}]\n"
                                               "#   owner: team-growth",
                                               ""});
  setting.add_option("model", set->model, "the model")->required();
  setting.add_option("file", set->file, "the document; - is standard input")->required();
  commands.on(setting, [set](Context& context) {
    const Name model = Name::parse(set->model);
    return finish(context, model, context.api().set_problem(model, read_yaml_file(set->file)));
  });
  auto show = make_options<Options>();
  CLI::App& showing = commands.add(family, {"show", "Show it", "assay problem show churn", ""});
  showing.add_option("model", show->model, "the model")->required();
  commands.on(showing, [show](Context& context) {
    const Name model = Name::parse(show->model);
    return finish(context, model, context.api().problem(model));
  });
}

}  // namespace assay::cli
