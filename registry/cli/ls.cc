// SPDX-License-Identifier: Apache-2.0
// `assay ls`: what the registry holds.
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

struct Options {
  std::string what;
  std::string space;
};

std::string stages_cell(const Artifact& artifact) {
  std::string out;
  for (const auto& [stage, number] : artifact.stages)
    out += (out.empty() ? "" : ", ") + stage + " = " + std::to_string(number);
  return out;
}

void add_artifact(const Artifact& artifact, Table& table) {
  const auto& latest = artifact.latest;
  table.add({std::string(singular(artifact.kind)), show_name(artifact.name),
             std::to_string(artifact.version_count), latest ? std::to_string(latest->number) : "-",
             latest ? human_size(latest->size()) : "-",
             latest ? human_time(format_time(latest->created_at)) : "-", stages_cell(artifact)});
}

void add_version(const Version& version, Table& table) {
  std::string stages;
  for (const std::string& stage : version.stages) stages += (stages.empty() ? "" : ", ") + stage;
  table.add({show_reference(version.name, version.number), version.digest.short_text(),
             human_size(version.size()), human_time(format_time(version.created_at)), version.created_by,
             stages});
}

int list_artifacts(Context& context, const std::vector<Kind>& kinds, const Options& options) {
  std::optional<Namespace> space;
  if (!options.space.empty()) space = Namespace::parse(options.space);
  nlohmann::json document = nlohmann::json::array();
  Table table({"kind", "name", "versions", "newest", "size", "published", "stages"});
  for (const Kind kind : kinds) {
    for (const Artifact& artifact : context.api().artifacts(kind, space)) {
      add_artifact(artifact, table);
      document.push_back(artifact);
    }
  }
  if (context.json())
    context.print_json(document);
  else if (table.empty())
    std::cout << "nothing yet: `assay push dataset NAME FILE.csv` publishes the first\n";
  else
    table.print(std::cout);
  return 0;
}

int list_versions(Context& context, const Name& name) {
  nlohmann::json document = nlohmann::json::array();
  Table table({"version", "digest", "size", "published", "by", "stages"});
  bool known = false;
  for (const Kind kind : kKinds) {
    if (!context.api().find_artifact(kind, name)) continue;
    known = true;
    for (const Version& version : context.api().versions(kind, name, SIZE_MAX)) {
      add_version(version, table);
      document.push_back(version);
    }
  }
  if (!known)
    throw Error(Code::not_found,
                "there is no model, dataset or plugin \"" + name.text() + "\": see `assay ls`");
  if (context.json())
    context.print_json(document);
  else
    table.print(std::cout);
  return 0;
}

int list(Context& context, const Options& options) {
  if (options.what.empty()) return list_artifacts(context, {kKinds.begin(), kKinds.end()}, options);
  for (const Kind kind : kKinds)
    if (options.what == plural(kind)) return list_artifacts(context, {kind}, options);
  return list_versions(context, Name::parse(options.what));
}

}  // namespace

void add_ls(CommandSet& commands) {
  auto options = make_options<Options>();
  CLI::App& command = commands.add(kRecordGroup, {"ls", "List artifacts, or the versions of one",
                                                  "assay ls\nassay ls models\nassay ls churn", ""});
  command.add_option("what", options->what, "models, datasets, plugins, or a NAME whose versions to list");
  command.add_option("--namespace", options->space, "only this namespace");
  commands.on(command, [options](Context& context) { return list(context, *options); });
}

}  // namespace assay::cli
