// SPDX-License-Identifier: Apache-2.0
// `assay policy set|show`: the rules that a version must satisfy to enter a stage.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/decision_report.h"
#include "registry/cli/decision_text.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"
#include "registry/cli/yaml_file.h"

namespace assay::cli {
namespace {

struct Options {
  std::string model;
  std::string stage;
  std::string file;
  int last = 50;
  ReportOptions report;
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
  for (const char* key : {"approvals", "freeze"})
    if (policy.contains(key)) std::cout << "- " << key << ' ' << plain(policy[key].dump()) << '\n';
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
  const nlohmann::json answer = context.api().set_policy(model, stage, policy);
  for (const auto& warning : answer.value("warnings", nlohmann::json::array()))
    std::cerr << "warning: " << plain(warning.get<std::string>()) << '\n';
  return finish(context, model, answer);
}

int show_policy(Context& context, const Options& options) {
  const Name model = Name::parse(options.model);
  return finish(context, model, context.api().policy(model, StageName::parse(options.stage).text()));
}

int test_policy(Context& context, const Options& options) {
  const Reference reference = Reference::parse(options.model);
  const nlohmann::json policy = read_policy(options);
  const std::string stage = StageName::parse(policy["stage"].get_ref<const std::string&>()).text();
  const Decision decision = context.api().test_policy(reference.name, stage, policy, reference.selector.text());
  report_decision(context, decision, options.report);
  return exit_code(decision.verdict);
}

void print_backtest(const nlohmann::json& answer) {
  Table table({"at", "version", "was", "would be", "", "why"});
  std::vector<std::string> blocked, admitted;
  for (const auto& item : answer.at("items")) {
    const Decision was = decision_from_json(item.at("was")), would = decision_from_json(item.at("would"));
    const bool differs = item.at("differs").get<bool>();
    if (differs) (exit_code(was.verdict) == 0 ? blocked : admitted).push_back(std::to_string(was.candidate.number));
    table.add({human_time(format_time(was.at)), show_mark(was, was.candidate), std::string(to_text(was.verdict)),
               std::string(to_text(would.verdict)), differs ? "differs" : "", differs ? would.summary : ""});
  }
  table.print(std::cout);
  const auto list = [](const std::vector<std::string>& numbers) {
    return numbers.empty() ? std::string("none") : fmt::format("{}", fmt::join(numbers, ", "));
  };
  std::cout << fmt::format("\nwould have blocked: {}; would have admitted: {}\n", list(blocked), list(admitted));
}

int backtest_policy(Context& context, const Options& options) {
  const Name model = Name::parse(options.model);
  const nlohmann::json policy = read_policy(options);
  const std::string stage = StageName::parse(policy["stage"].get_ref<const std::string&>()).text();
  const nlohmann::json answer = context.api().backtest_policy(model, stage, policy, options.last);
  if (context.json())
    context.print_json(answer);
  else
    print_backtest(answer);
  return 0;
}

}  // namespace

void add_policy(CommandSet& commands) {
  CLI::App& family = commands.add_family(kStageGroup, "policy", "Set, show or try the rules of a stage");
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
  auto test = make_options<Options>();
  CLI::App& test_command = commands.add(
      family, {"test", "Say what a policy would decide on a version, without setting it",
               "assay policy test churn@4 production.yaml\nassay policy test churn@4 production.yaml --format md",
               "0 it would be admitted, 10 refused, 11 evidence missing or stale, 12 not comparable"});
  test_command.add_option("version", test->model, "the version: NAME@VERSION")->required();
  test_command.add_option("file", test->file, "the policy; - is stdin")->required();
  test_command.add_option("--stage", test->stage, "the stage, unless the file names it");
  add_report_options(test_command, test->report);
  commands.on(test_command, [test](Context& context) { return test_policy(context, *test); });
  auto past = make_options<Options>();
  CLI::App& past_command = commands.add(
      family, {"backtest", "Say what a policy would have decided on the last promotions",
               "assay policy backtest churn production.yaml --last 50", ""});
  past_command.add_option("model", past->model, "the model")->required();
  past_command.add_option("file", past->file, "the policy; - is stdin")->required();
  past_command.add_option("--stage", past->stage, "the stage, unless the file names it");
  past_command.add_option("--last", past->last, "how many promotions, the newest")
      ->check(whole_number(1, 200))
      ->capture_default_str();
  commands.on(past_command, [past](Context& context) { return backtest_policy(context, *past); });
}

}  // namespace assay::cli
