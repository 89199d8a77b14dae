// SPDX-License-Identifier: Apache-2.0
// `assay runs list|show`: every execution of a plugin that was recorded.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"
#include "registry/cli/whole_number.h"

namespace assay::cli {
namespace {

struct ListOptions {
  std::string model;
  std::size_t limit = 50;
};

std::string outputs_of(const Run& run) {
  std::string out;
  if (run.outcome)
    for (const RunOutput& output : run.outcome->outputs)
      out += (out.empty() ? "" : ", ") + output.role + " " + output.digest.short_text();
  return out;
}

int list_runs(Context& context, const ListOptions& options) {
  std::optional<Name> model;
  if (!options.model.empty()) model = Name::parse(options.model);
  const std::vector<Run> runs = context.api().runs(model, options.limit);
  if (context.json()) {
    context.print_json(runs);
    return 0;
  }
  if (runs.empty()) {
    std::cout << "no runs yet: `assay train` makes the first\n";
    return 0;
  }
  Table table({"run", "kind", "status", "plugin", "when", "by", "made"});
  for (const Run& run : runs)
    table.add({run.id.text(), std::string(to_text(run.draft.kind)), std::string(to_text(run.status())),
               run.draft.plugin.name + " " + run.draft.plugin.version,
               human_time(format_time(run.created_at)), run.created_by, outputs_of(run)});
  table.print(std::cout);
  return 0;
}

std::string columns_of(const Run& run) {
  if (!run.draft.roles) return "not recorded";
  std::string out;
  for (const auto& [role, column] : *run.draft.roles)
    out += (out.empty() ? "" : ", ") + plain(role) + " " + plain(column);
  return out.empty() ? "none asked for" : out;
}

void print_run(const Run& run) {
  const PluginUse& plugin = run.draft.plugin;
  std::cout << fmt::format("{} run {}: {}\n", to_text(run.draft.kind), run.id.text(), to_text(run.status()))
            << fmt::format("plugin    {} {} {}\n", plain(plugin.name), plain(plugin.version),
                           plugin.digest.text())
            << fmt::format("settings  {}\nseed      {}, {} threads\n", plain(run.draft.config.canonical),
                           run.draft.seed, run.draft.max_threads)
            << fmt::format("columns   {}\nmachine   {}\n", columns_of(run), plain(run.draft.environment))
            << fmt::format("started   {} by {}\n", human_time(format_time(run.created_at)),
                           plain(run.created_by));
  if (run.finished_at) std::cout << "ended     " << human_time(format_time(*run.finished_at)) << '\n';
  Table files({"role", "kind", "reference", "digest"});
  for (const RunInput& input : run.draft.inputs)
    files.add({input.role, std::string(singular(input.kind)), show_reference(input.reference),
               input.digest.text()});
  if (run.outcome)
    for (const RunOutput& output : run.outcome->outputs)
      files.add({"made: " + output.role, std::string(singular(output.kind)), "", output.digest.text()});
  std::cout << '\n';
  files.print(std::cout);
  if (!run.outcome) return;
  if (run.outcome->error) std::cout << '\n' << plain(run.outcome->error->message) << '\n';
  if (run.outcome->metrics.empty()) return;
  std::cout << '\n';
  Table metrics({"metric", "step", "value"});
  for (const RunMetric& metric : run.outcome->metrics)
    metrics.add({metric.name, std::to_string(metric.step), human_number(metric.value)});
  metrics.print(std::cout);
}

int show_run(Context& context, const std::string& id) {
  const Run run = context.api().run(Id::parse(id));
  if (context.json())
    context.print_json(run);
  else
    print_run(run);
  return 0;
}

}  // namespace

void add_runs(CommandSet& commands) {
  CLI::App& family = commands.add_family(kRecordGroup, "runs", "List the recorded runs, or show one");
  auto list = make_options<ListOptions>();
  CLI::App& list_command =
      commands.add(family, {"list", "List runs, newest first", "assay runs list --model churn", ""});
  list_command.add_option("--model", list->model, "only runs that made or used this model");
  list_command.add_option("--limit", list->limit, "at most so many")
      ->capture_default_str()
      ->check(whole_number(1));
  commands.on(list_command, [list](Context& context) { return list_runs(context, *list); });
  auto id = make_options<std::string>();
  CLI::App& show_command = commands.add(
      family, {"show", "Show one run: inputs, settings, metrics, outputs", "assay runs show 01jd…", ""});
  show_command.add_option("run", *id, "the run's id")->required();
  commands.on(show_command, [id](Context& context) { return show_run(context, *id); });
}

}  // namespace assay::cli
