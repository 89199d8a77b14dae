// SPDX-License-Identifier: Apache-2.0
// `assay plugin revoke|reinstate|uses`: what a library did here, and its right to run.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/remote_plugins.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string plugin;
  std::string reason;
};

// A digest as it is, otherwise that of the library in a plugin version of the registry.
Digest library_digest(Context& context, const std::string& plugin) {
  if (plugin.starts_with("sha256:")) return Digest::parse(plugin);
  const Reference reference = Reference::parse(plugin);
  return library_of(context.api().version(Kind::plugin, reference)).digest;
}

void add_versions(Table& table, const Json& versions, const char* how) {
  for (const Json& version : versions) {
    const auto stages = version.at("stages").get<std::vector<std::string>>();
    table.add({how, version.at("kind").get<std::string>(),
               show_reference(version.at("reference").get<std::string>()),
               fmt::format("{}", fmt::join(stages, ", "))});
  }
}

int print(Context& context, const Json& library) {
  if (context.json()) {
    context.print_json(library);
    return 0;
  }
  std::cout << library.at("digest").get<std::string>() << '\n';
  const Json& revoked = library.at("revoked");
  if (revoked.is_null())
    std::cout << "may run\n";
  else
    std::cout << fmt::format("revoked by {} at {}: {}\n", plain(revoked.at("by").get<std::string>()),
                             human_time(revoked.at("at").get<std::string>()),
                             plain(revoked.at("reason").get<std::string>()));
  Table table({"library", "kind", "version", "stages"});
  add_versions(table, library.at("plugins"), "is in");
  add_versions(table, library.at("made"), "made");
  add_versions(table, library.at("judged"), "judged");
  if (table.empty())
    std::cout << "nothing here holds it, or was made or judged with it\n";
  else
    table.print(std::cout);
  return 0;
}

}  // namespace

void add_plugin_revoke(CommandSet& commands, CLI::App& family) {
  auto shown = make_options<Options>();
  CLI::App& uses = commands.add(
      family, {"uses", "Show what a plugin's library made and judged: how far a bad one reaches",
               "assay plugin uses gbt@2\nassay plugin uses sha256:…", ""});
  constexpr const char* kPluginHelp = "NAME@VERSION of the registry, or a library's digest";
  uses.add_option("plugin", shown->plugin, kPluginHelp)->required();
  commands.on(uses, [shown](Context& context) {
    return print(context, context.api().library(library_digest(context, shown->plugin)));
  });

  const auto change = [&](const char* verb, const char* what, const char* example, const char* codes) {
    auto options = make_options<Options>();
    CLI::App& command = commands.add(family, {verb, what, example, codes});
    command.add_option("plugin", options->plugin, kPluginHelp)->required();
    command.add_option("--reason", options->reason, "why; kept for ever")->required();
    commands.on(command, [options, verb = std::string(verb)](Context& context) {
      const Digest library = library_digest(context, options->plugin);
      return print(context, context.api().change_library(library, verb, options->reason));
    });
  };
  change("revoke", "Forbid a plugin's library to run, everywhere (admins of all namespaces)",
         "assay plugin revoke gbt@2 --reason \"scores NaN rows as 0, see incident 12\"",
         "0 revoked, 30 it was already");
  change("reinstate", "Allow a revoked library to run again (admins of all namespaces)",
         "assay plugin reinstate gbt@2 --reason \"the incident was another's\"",
         "0 reinstated, 30 it was not revoked");
}

}  // namespace assay::cli
