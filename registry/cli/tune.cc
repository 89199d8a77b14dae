// SPDX-License-Identifier: Apache-2.0
// `assay tune`: searches the settings of a trainer and publishes the best model. The work is compute/tune.h's.
#include "registry/compute/tune.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/bench.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownTrials = 10;

struct Options {
  ComputeOptions compute;
  TuneRequest request;
  std::string method = "halving";
};

// What sets a trial apart: its settings that are not those of the first trial, the defaults.
std::string changed_settings(const Trial& trial, const Json& defaults) {
  std::vector<std::string> out;
  const Json settings = Json::parse(trial.config.canonical);
  for (const auto& [name, value] : settings.items())
    if (!defaults.contains(name) || defaults[name] != value)
      out.push_back(value.is_number_float() ? fmt::format("{}={:.4g}", name, value.get<double>())
                                            : fmt::format("{}={}", name, value.dump()));
  return out.empty() ? "as they are by default" : fmt::format("{}", fmt::join(out, " "));
}

// The best on the most rows first: values on different rows are not alike.
std::vector<Trial> ranked(const TuneResult& result) {
  std::vector<Trial> out = result.trials;
  std::stable_sort(out.begin(), out.end(), [&](const Trial& one, const Trial& other) {
    if (one.rows != other.rows) return one.rows > other.rows;
    if (!one.value || !other.value) return one.value.has_value() && !other.value;
    return result.higher_is_better ? *one.value > *other.value : *one.value < *other.value;
  });
  return out;
}

void print_result(const TuneResult& result, const std::string& metric) {
  const Json defaults = Json::parse(result.trials.front().config.canonical);
  Table table({metric, "rows", "trial", "settings"});
  const std::vector<Trial> trials = ranked(result);
  for (std::size_t i = 0; i < trials.size() && i < kShownTrials; ++i)
    table.add({trials[i].value ? fmt::format("{:.6g}", *trials[i].value) : "failed",
               std::to_string(trials[i].rows), std::to_string(trials[i].number),
               trials[i].value ? changed_settings(trials[i], defaults) : trials[i].failure});
  table.print(std::cout);
  if (trials.size() > kShownTrials)
    std::cout << fmt::format("… and {} more; `--json` has them all\n", trials.size() - kShownTrials);
  std::cout << fmt::format("\n{} {}\ntrained with the best settings by {} {}, run {}\nsettings {}\n",
                           show_reference(result.model.model.reference), result.model.model.digest.text(),
                           plain(result.model.plugin.name), plain(result.model.plugin.version),
                           result.model.run.text(), result.model.config.canonical);
}

Json document_of(const TuneResult& result, const std::string& metric) {
  Json trials = Json::array();
  for (const Trial& trial : result.trials)
    trials.push_back({{"trial", trial.number},
                      {"rows", trial.rows},
                      {"value", trial.value ? Json(*trial.value) : Json()},
                      {"failure", trial.failure.empty() ? Json() : Json(trial.failure)},
                      {"config", Json::parse(trial.config.canonical)},
                      {"run_id", trial.run->text()}});
  return {{"metric", metric},
          {"higher_is_better", result.higher_is_better},
          {"best", {{"trial", result.best.number}, {"value", *result.best.value}}},
          {"trials", std::move(trials)},
          {"reference", result.model.model.reference},
          {"digest", result.model.model.digest.text()},
          {"run_id", result.model.run.text()},
          {"config", Json::parse(result.model.config.canonical)}};
}

int run_tune(Context& context, const Options& options) {
  TuneRequest request = options.request;
  request.train.plugin = options.compute.plugin;
  request.train.component = options.compute.component;
  request.train.config = settings_json(options.compute.settings);
  request.method = options.method == "random" ? SearchMethod::random : SearchMethod::halving;
  Name::parse(request.train.to);
  Bench bench(context);
  const TuneResult result = [&] {
    TerminalProgress progress(request.train.plugin);
    return tune(request, bench.workbench(), call_options(options.compute), progress);
  }();
  if (context.json())
    context.print_json(document_of(result, request.metric));
  else
    print_result(result, request.metric);
  return 0;
}

}  // namespace

void add_tune(CommandSet& commands) {
  auto options = make_options<Options>();
  TuneRequest& request = options->request;
  request.evaluator = "classification";
  CLI::App& command = commands.add(
      kComputeGroup,
      {"tune", "Search a trainer's settings, on this machine, and publish the best model",
       "assay tune --plugin gbt --data churn-train@1 --valid churn-valid@1 --target late --metric roc_auc "
       "--trials 27 --to churn\n"
       "assay tune --plugin gbt … --range max_depth=2..8 --range learning_rate=0.01..0.3:log --set rounds=200\n"
       "assay plugin show gbt    # which settings there are",
       "0 searched and published"});
  add_compute_options(command, options->compute, "the algorithm");
  command.add_option("--data", request.train.data, "the dataset to learn from")->required();
  command.add_option("--valid", request.train.valid, "the dataset that judges the trials; keep the one that "
                                                     "judges promotions out of it")
      ->required();
  command.add_option("--target", request.train.label, "the column to learn")->required();
  command.add_option("--metric", request.metric, "the evaluator's number to improve")->required();
  command.add_option("--evaluator", request.evaluator, "the plugin that judges")->capture_default_str();
  command.add_option("--trials", request.trials, "how many settings to try; the first are the defaults")
      ->check(whole_number(1, kMaxTrials))
      ->capture_default_str();
  command
      .add_option("--method", options->method,
                  "halving: all begin on a share of the rows, the best third goes on with three times as many; "
                  "random: every trial learns from all rows")
      ->check(CLI::IsMember({"halving", "random"}))
      ->capture_default_str();
  command
      .add_option("--range", request.ranges,
                  "what to try of a setting, instead of the plugin's own range: NAME=LOW..HIGH[:log] or "
                  "NAME=A,B,C; may be repeated")
      ->expected(1)
      ->take_all();
  command.add_option("--to", request.train.to, "the model whose next version the best becomes")->required();
  commands.on(command, [options](Context& context) { return run_tune(context, *options); });
}

}  // namespace assay::cli
