// SPDX-License-Identifier: Apache-2.0
// `assay policy set|show`: the rules that a version must satisfy to enter a stage.
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
  std::string stage;
  std::string file;
};

// The stage may be said once: in the document or by --stage.
nlohmann::json read_policy(const Options& options) {
  nlohmann::json policy = read_yaml_file(options.file);
  if (!policy.is_object())
    throw Error(Code::invalid_argument,
                options.file + " is not a policy: it should be an object with `rules`");
  if (!options.stage.empty() && !policy.contains("stage")) policy["stage"] = options.stage;
  if (!policy.contains("stage") || !policy["stage"].is_string())
    throw Error(Code::invalid_argument,
                options.file + " names no stage: add `stage: production`, or give --stage");
  if (!options.stage.empty() && policy["stage"] != options.stage)
    throw Error(Code::invalid_argument,
                options.file + " is for stage " + policy["stage"].dump() + ", not \"" + options.stage + "\"");
  return policy;
}

std::string rule_text(const nlohmann::json& rule) {
  if (!rule.is_object() || rule.size() != 1) return rule.dump();
  return rule.begin().key() + " " + rule.begin().value().dump();
}

void print_policy(const Name& model, const nlohmann::json& answer) {
  const nlohmann::json policy = answer.value("policy", nlohmann::json::object());
  std::cout << "policy of " << show_name(model) << '@' << plain(policy.value("stage", "")) << ' '
            << plain(answer.value("digest", "")) << '\n';
  if (policy.contains("from") && policy["from"].is_string())
    std::cout << "- from " << plain(policy["from"].get<std::string>()) << '\n';
  for (const auto& rule : policy.value("rules", nlohmann::json::array()))
    std::cout << "- " << plain(rule_text(rule)) << '\n';
}

int finish(Context& context, const Name& model, const nlohmann::json& answer) {
  if (context.json())
    context.print_json(answer);
  else
    print_policy(model, answer);
  return 0;
}

int set_policy(Context& context, const Options& options) {
  const Name model = Name::parse(options.model);
  const nlohmann::json policy = read_policy(options);
  const std::string stage = StageName::parse(policy["stage"].get_ref<const std::string&>()).text();
  return finish(context, model, context.api().set_policy(model, stage, policy));
}

int show_policy(Context& context, const Options& options) {
  const Name model = Name::parse(options.model);
  return finish(context, model, context.api().policy(model, StageName::parse(options.stage).text()));
}

}  // namespace

void add_policy(CommandSet& commands) {
  CLI::App& family = commands.add_family(kStageGroup, "policy", "Set or show the rules of a stage");
  auto set = make_options<Options>();
  CLI::App& set_command =
      commands.add(family, {"set", "Set the rules of a stage, from a YAML or JSON file",
                            "assay policy set churn --stage production production.yaml", "0 set"});
  set_command.add_option("model", set->model, "the model")->required();
  set_command.add_option("file", set->file, "the policy; - is stdin")->required();
  set_command.add_option("--stage", set->stage, "the stage, unless the file names it");
  commands.on(set_command, [set](Context& context) { return set_policy(context, *set); });
  auto show = make_options<Options>();
  CLI::App& show_command = commands.add(
      family, {"show", "Show the rules of a stage", "assay policy show churn --stage production", ""});
  show_command.add_option("model", show->model, "the model")->required();
  show_command.add_option("--stage", show->stage, "the stage")->required();
  commands.on(show_command, [show](Context& context) { return show_policy(context, *show); });
}

}  // namespace assay::cli
