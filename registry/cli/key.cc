// SPDX-License-Identifier: Apache-2.0
// `assay key`: the public keys whose signatures a namespace's policies may ask for, by name.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/table.h"
#include "registry/signing/keys.h"

namespace assay::cli {
namespace {

struct Options {
  std::string name;
  std::string file;
};

// "acme/release-key", or "release-key" in the standard namespace.
struct Place {
  Namespace space;
  KeyName name;
};
Place place_of(const std::string& text) {
  const auto slash = text.find('/');
  if (slash == std::string::npos) return {Namespace::standard(), KeyName::parse(text)};
  return {Namespace::parse(text.substr(0, slash)), KeyName::parse(text.substr(slash + 1))};
}

int set(Context& context, const Options& options) {
  const Place place = place_of(options.name);
  const nlohmann::json key = context.api().set_trusted_key(place.space, place.name, read_pem(options.file));
  if (context.json())
    context.print_json(key);
  else
    std::cout << fmt::format("{} is key {}\n", plain(options.name), plain(key.value("hint", "")));
  return 0;
}

int list(Context& context, const Options& options) {
  const Namespace space = options.name.empty() ? Namespace::standard() : Namespace::parse(options.name);
  const nlohmann::json keys = context.api().trusted_keys(space);
  if (context.json()) {
    context.print_json(keys);
    return 0;
  }
  Table table({"name", "key", "since", "by"});
  for (const nlohmann::json& key : keys)
    table.add({key.value("name", ""), key.value("hint", ""), human_time(key.value("at", "")), key.value("by", "")});
  if (table.empty())
    std::cout << fmt::format("namespace {} trusts no key\n", space.text());
  else
    table.print(std::cout);
  return 0;
}

int remove(Context& context, const Options& options) {
  const Place place = place_of(options.name);
  const nlohmann::json key = context.api().remove_trusted_key(place.space, place.name);
  if (context.json())
    context.print_json(key);
  else
    std::cout << fmt::format("{} is trusted no more\n", plain(options.name));
  return 0;
}

}  // namespace

void add_key(CommandSet& commands) {
  CLI::App& family = commands.add_family(kServerGroup, "key", "Name the keys whose signatures policies may ask for");
  auto setting = make_options<Options>();
  CLI::App& set_command =
      commands.add(family, {"set", "Trust a public key under a name, in place of the one before (admins)",
                            "assay key set release-key public.pem\nassay key set acme/release-key public.pem", "0 set"});
  set_command.add_option("name", setting->name, "NAME or NAMESPACE/NAME")->required();
  set_command.add_option("file", setting->file, "the public key, PEM")->required();
  commands.on(set_command, [setting](Context& context) { return set(context, *setting); });
  auto listing = make_options<Options>();
  CLI::App& ls_command =
      commands.add(family, {"ls", "List the keys of a namespace", "assay key ls\nassay key ls acme", ""});
  ls_command.add_option("namespace", listing->name, "the namespace; default when left out");
  commands.on(ls_command, [listing](Context& context) { return list(context, *listing); });
  auto removing = make_options<Options>();
  CLI::App& remove_command =
      commands.add(family, {"remove", "Trust a key no more; what was decided by it stays (admins)",
                            "assay key remove release-key", "0 removed"});
  remove_command.add_option("name", removing->name, "NAME or NAMESPACE/NAME")->required();
  commands.on(remove_command, [removing](Context& context) { return remove(context, *removing); });
}

}  // namespace assay::cli
