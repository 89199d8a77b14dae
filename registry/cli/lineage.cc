// SPDX-License-Identifier: Apache-2.0
// `assay lineage`: what a version was made from, what is known of it, and what uses it.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/find_version.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string reference;
  std::string kind;
};

std::string text(const Json& object, const char* key) {
  if (!object.is_object() || !object.contains(key) || !object[key].is_string()) return "-";
  return plain(object[key].get_ref<const std::string&>());
}

std::string joined(const Json& texts) {
  std::string out;
  for (const Json& one : texts) out += (out.empty() ? "" : ", ") + plain(one.get<std::string>());
  return out;
}

std::string short_digest(const Json& object, const char* key = "digest") {
  return text(object, key).substr(0, 19);
}

void print_run(const Json& run) {
  if (!run.is_object()) {
    std::cout << "made by no run that the registry knows of: its files were pushed\n";
    return;
  }
  const Json plugin = run.value("plugin", Json::object());
  std::cout << fmt::format("made by {} run {} ({}) with {} {} {}, seed {}\n", text(run, "kind"),
                           text(run, "id"), text(run, "status"), text(plugin, "name"),
                           text(plugin, "version"), short_digest(plugin), run.value("seed", std::int64_t{0}))
            << "settings " << plain(run.value("config", Json::object()).dump()) << '\n';
}

void print_inputs(const Json& inputs) {
  if (inputs.empty()) return;
  std::cout << "\nmade from\n";
  Table table({"role", "kind", "reference", "digest"});
  for (const Json& input : inputs)
    table.add({text(input, "role"), text(input, "kind"), show_reference(text(input, "reference")),
               short_digest(input)});
  table.print(std::cout);
}

// As a tree would be: what is further away stands further in.
void print_kin(const char* title, const Json& kin) {
  if (kin.empty()) return;
  std::cout << '\n' << title << '\n';
  Table table({"version", "kind", "digest", "stages"});
  for (const Json& one : kin) {
    const auto indent = static_cast<std::size_t>(2 * std::min(20, one.value("distance", 1) - 1));
    const Json reference = one.value("reference", Json());
    table.add({std::string(indent, ' ') + (reference.is_string() ? show_reference(text(one, "reference")) : "(not here)"),
               text(one, "kind"), short_digest(one), joined(one.value("stages", Json::array()))});
  }
  table.print(std::cout);
}

void print_evidence(const Json& records) {
  if (records.empty()) return;
  std::cout << "\nevidence\n";
  Table table({"id", "kind", "dataset", "by", "level", "verdict", "when"});
  for (const Json& record : records)
    table.add({text(record, "id"), text(record, "kind"), short_digest(record, "dataset_digest"),
               text(record.value("plugin", Json::object()), "name"), text(record, "level"),
               text(record, "verdict"), human_time(text(record, "created_at"))});
  table.print(std::cout);
}

std::string stage_name(const Json& stage) {
  return stage.is_string() ? plain(stage.get_ref<const std::string&>()) : text(stage, "stage");
}

void print_used_by(const Json& runs) {
  if (runs.empty()) return;
  std::cout << "\nused by\n";
  Table table({"run", "kind", "status", "when"});
  for (const Json& run : runs)
    table.add({text(run, "id"), text(run, "kind"), text(run, "status"), human_time(text(run, "created_at"))});
  table.print(std::cout);
}

// The inputs have been shown with their roles.
Json further(const Json& ancestors) {
  Json out = Json::array();
  for (const Json& one : ancestors)
    if (one.value("distance", 1) > 1) out.push_back(one);
  return out;
}

void print_lineage(const Version& version, const Json& lineage) {
  std::cout << singular(version.kind) << ' ' << show_reference(version.name, version.number) << ' '
            << version.digest.text() << '\n';
  print_run(lineage.value("run", Json()));
  print_inputs(lineage.value("inputs", Json::array()));
  print_evidence(lineage.value("evidence", Json::array()));
  for (const Json& stage : lineage.value("stages", Json::array()))
    std::cout << "\nstage " << stage_name(stage) << '\n';
  print_kin("further back", further(lineage.value("ancestors", Json::array())));
  print_kin("made from it", lineage.value("descendants", Json::array()));
  print_used_by(lineage.value("used_by", Json::array()));
  for (const Json& list : lineage.value("full", Json::array()))
    std::cout << "\nthe list of " << (list == "used_by" ? "runs" : plain(list.get<std::string>()))
              << " ends here; there may be more\n";
}

int show_lineage(Context& context, const Options& options) {
  const Version version = find_version(context.api(), options.reference, options.kind);
  const Json lineage = context.api().lineage(version.kind, {version.name, Selector(version.number)});
  if (context.json())
    context.print_json(lineage);
  else
    print_lineage(version, lineage);
  return 0;
}

}  // namespace

void add_lineage(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(
      kRecordGroup,
      {"lineage", "Show what a version was made from, what is known of it, and what was made from it",
       "assay lineage churn@4\nassay lineage churn-train@1        # every model that this data went into, and its stages", ""});
  command.add_option("reference", options->reference, kReferenceHelp)->required();
  command.add_option("--kind", options->kind, kKindHelp);
  commands.on(command, [options](Context& context) { return show_lineage(context, *options); });
}

}  // namespace assay::cli
