// SPDX-License-Identifier: Apache-2.0
// `assay plugin push|ls|show`; the family's other commands have files of their own.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/bench.h"
#include "registry/cli/commands.h"
#include "registry/cli/naming.h"
#include "registry/cli/plugin_doctor.h"
#include "registry/cli/publish_files.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

std::string capabilities_of(const PluginInfo& plugin) {
  std::vector<std::string> out;
  for (const ComponentInfo& component : plugin.components)
    for (const std::string& capability : component.capabilities)
      if (std::find(out.begin(), out.end(), capability) == out.end()) out.push_back(capability);
  return fmt::format("{}", fmt::join(out, ", "));
}

Json document_of(const PluginInfo& plugin) {
  Json components = Json::array();
  for (const ComponentInfo& component : plugin.components)
    components.push_back({{"id", component.id},
                          {"capabilities", component.capabilities},
                          {"config_schema", Json::parse(component.config_schema, nullptr, false)}});
  return {{"name", plugin.name},     {"version", plugin.version}, {"digest", plugin.digest.text()},
          {"origin", plugin.origin}, {"licence", plugin.licence}, {"components", std::move(components)}};
}

struct PushOptions {
  std::string file;
  std::string name;
};

int push(Context& context, const PushOptions& options) {
  const PluginInfo plugin =
      open_plugins(context, {})->find(std::filesystem::absolute(options.file).lexically_normal().string());
  const Name name = Name::parse(options.name.empty() ? plugin.name : options.name);
  std::vector<CollectedFile> files = {{FilePath::parse(plugin.name + ".so"), client::hash_file(options.file)}};
  if (const std::filesystem::path signature = options.file + ".sig"; std::filesystem::exists(signature))
    files.push_back({FilePath::parse(plugin.name + ".so.sig"), client::hash_file(signature.string())});
  client::PublishDetails details;
  details.labels = {{"plugin_version", plugin.version}};
  const Pushed pushed = publish_files(context.api(), Kind::plugin, name, files, details);
  const Version& version = pushed.version;
  if (context.json()) {
    Json document = version;
    document["created"] = pushed.created;
    context.print_json(document);
  } else if (!pushed.created) {
    std::cout << "already " << show_reference(version.name, version.number) << ", nothing to do ("
              << version.digest.short_text() << ")\n";
  } else {
    std::cout << show_reference(version.name, version.number) << ' ' << version.digest.text() << '\n'
              << fmt::format("{} {}: {}; library {}\n", plain(plugin.name), plain(plugin.version),
                             capabilities_of(plugin), plugin.digest.text());
  }
  return 0;
}

int list(Context& context) {
  std::vector<PluginInfo> plugins = open_plugins(context, {})->list();
  Json document = Json::array();
  Table table({"name", "version", "offers", "digest", "from"});
  for (const PluginInfo& plugin : plugins) {
    document.push_back(document_of(plugin));
    table.add(
        {plugin.name, plugin.version, capabilities_of(plugin), plugin.digest.short_text(), plugin.origin});
  }
  if (context.json())
    context.print_json(document);
  else
    table.print(std::cout);
  return 0;
}

// Prints one setting a line: name, type, default, what it means.
void print_settings(const ComponentInfo& component) {
  const Json schema = Json::parse(component.config_schema, nullptr, false);
  if (!schema.is_object() || !schema.contains("properties") || !schema["properties"].is_object()) return;
  Table table({"setting", "type", "default", "meaning"});
  for (const auto& [name, property] : schema["properties"].items()) {
    if (!property.is_object()) continue;
    const Json type = property.value("type", Json(""));
    table.add({name, type.is_string() ? type.get<std::string>() : type.dump(),
               property.contains("default") ? property["default"].dump() : "-",
               property.value("description", property.value("title", ""))});
  }
  if (!table.empty()) table.print(std::cout);
}

int show(Context& context, const std::string& wanted) {
  // A path needs no registry, and neither does a plugin of this machine when none is running.
  std::optional<RemotePlugins> remote;
  FetchPlugin fetch = [&](std::string_view name) -> std::optional<FetchedPlugin> {
    try {
      if (!remote) remote.emplace(context.api());
      return remote->fetch(name);
    } catch (const Error& error) {
      if (error.code() == Code::unavailable) return std::nullopt;
      throw;
    }
  };
  const PluginInfo plugin = open_plugins(context, std::move(fetch))->find(wanted);
  if (context.json()) {
    context.print_json(document_of(plugin));
    return 0;
  }
  std::cout << fmt::format("{} {} ({})\ndigest  {}\nfrom    {}\n", plain(plugin.name), plain(plugin.version),
                           plain(plugin.licence), plugin.digest.text(), plain(plugin.origin));
  for (const ComponentInfo& component : plugin.components) {
    std::cout << fmt::format("\n{}: {}\n", plain(component.id),
                             plain(fmt::format("{}", fmt::join(component.capabilities, ", "))));
    print_settings(component);
  }
  return 0;
}

}  // namespace

void add_plugin(CommandSet& commands) {
  CLI::App& family = commands.add_family(kComputeGroup, "plugin", "Make, check, push, list or show plugins");
  add_plugin_check(commands, family);
  add_plugin_new(commands, family);
  add_plugin_doctor(commands, family);
  auto pushed = make_options<PushOptions>();
  CLI::App& push_command =
      commands.add(family, {"push", "Publish a plugin, so that everybody can use it by name",
                            "assay plugin push ./mine.so", "0 published, or already the newest version"});
  push_command.add_option("file", pushed->file, "the .so file")->required();
  push_command.add_option("--name", pushed->name, "NAME or NAMESPACE/NAME; its own name when left out");
  commands.on(push_command, [pushed](Context& context) { return push(context, *pushed); });

  CLI::App& list_command = commands.add(
      family, {"ls", "List the plugins of this machine (`assay ls plugins` lists the registry's)",
               "assay plugin ls", ""});
  commands.on(list_command, [](Context& context) { return list(context); });

  auto wanted = make_options<std::string>();
  CLI::App& show_command =
      commands.add(family, {"show", "Show a plugin's components and settings", "assay plugin show gbt", ""});
  show_command.add_option("plugin", *wanted, "a name, NAME@VERSION or a path to a .so")->required();
  commands.on(show_command, [wanted](Context& context) { return show(context, *wanted); });
  add_plugin_sign(commands, family);
  add_plugin_revoke(commands, family);
}

}  // namespace assay::cli
