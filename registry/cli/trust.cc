// SPDX-License-Identifier: Apache-2.0
// `assay trust`: which jobs of which identity provider may have a token without anybody keeping one for them.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/table.h"
#include "registry/cli/yaml_file.h"
#include "registry/client/identity_provider.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string name;
  std::string issuer;
  std::string audience = "assay";
  std::string role = "promoter";
  std::string space = "default";
  std::vector<std::string> claims;  // name=value
  std::string keys;                 // a file; empty: asked of the provider
};

Json claims_of(const std::vector<std::string>& claims) {
  Json out = Json::object();
  for (const std::string& claim : claims) {
    const auto equals = claim.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(Code::invalid_argument, "--claim " + plain(claim) + ": write it as name=value");
    out[claim.substr(0, equals)].push_back(claim.substr(equals + 1));
  }
  return out;
}

std::string claims_text(const Json& claims) {
  std::string out;
  for (const auto& [name, values] : claims.items())
    for (const Json& value : values) out += (out.empty() ? "" : ", ") + plain(name + "=" + value.get<std::string>());
  return out;
}

void print_trusts(const Json& trusts) {
  Table table({"name", "role", "namespace", "who", "issuer", "audience"});
  for (const Json& trust : trusts)
    table.add({plain(trust.value("name", "")), plain(trust.value("role", "")), plain(trust.value("namespace", "")),
               claims_text(trust.value("claims", Json::object())), plain(trust.value("issuer", "")),
               plain(trust.value("audience", ""))});
  table.print(std::cout);
}

int finish(Context& context, const Json& trust) {
  if (context.json())
    context.print_json(trust);
  else
    print_trusts(Json::array({trust}));
  return 0;
}

int set_trust(Context& context, const Options& options) {
  const Json keys = options.keys.empty() ? client::provider_keys(options.issuer) : read_yaml_file(options.keys);
  return finish(context, context.api().set_trust(options.name, {{"issuer", options.issuer},
                                                                {"audience", options.audience},
                                                                {"claims", claims_of(options.claims)},
                                                                {"role", options.role},
                                                                {"namespace", options.space},
                                                                {"keys", keys}}));
}

// What is pinned is replaced by what the provider says now.
int refresh_trust(Context& context, const Options& options) {
  for (Json trust : context.api().trusts()) {
    if (trust.value("name", "") != options.name) continue;
    trust["keys"] = options.keys.empty() ? client::provider_keys(trust.value("issuer", "")) : read_yaml_file(options.keys);
    trust.erase("name");
    trust.erase("key_ids");
    return finish(context, context.api().set_trust(options.name, trust));
  }
  throw Error(Code::not_found, "there is no trust " + plain(options.name) + ": assay trust ls shows them");
}

int list_trusts(Context& context) {
  const Json trusts = context.api().trusts();
  if (context.json())
    context.print_json(trusts);
  else if (trusts.empty())
    std::cout << "no identity provider is trusted\n";
  else
    print_trusts(trusts);
  return 0;
}

int remove_trust(Context& context, const Options& options) {
  context.api().remove_trust(options.name);
  if (!context.json()) std::cout << "removed; tokens that it gave end within ten minutes\n";
  return 0;
}

}  // namespace

void add_trust(CommandSet& commands) {
  CLI::App& family = commands.add_family(kServerGroup, "trust", "Let in CI jobs by their provider's identity tokens");
  constexpr const char* kKeysHelp = "the provider's keys (JWKS), a file; asked of the provider when left out";
  auto set = make_options<Options>();
  CLI::App& set_command = commands.add(
      family, {"set", "Trust the jobs that an identity provider says these claims of",
               "assay trust set github-churn --issuer https://token.actions.githubusercontent.com \\\n"
               "    --claim repository_id=84291 --claim ref=refs/heads/main --role promoter --namespace acme\n"
               "assay trust set gitlab --issuer https://gitlab.example.com --claim project_id=7 --claim ref_protected=true",
               "0 set"});
  set_command.add_option("name", set->name, "what decisions call who comes by it")->required();
  set_command.add_option("--issuer", set->issuer, "the provider: the token's iss")->required();
  set_command.add_option("--audience", set->audience, "whom the token must be for")->capture_default_str();
  set_command
      .add_option("--claim", set->claims, "NAME=VALUE that the token must say; several of one name: any of them")
      ->required()
      ->expected(1)
      ->take_all();
  set_command.add_option("--role", set->role, "reader, writer or promoter")
      ->check(CLI::IsMember({"reader", "writer", "promoter"}))
      ->capture_default_str();
  set_command.add_option("--namespace", set->space, "where")->capture_default_str();
  set_command.add_option("--keys", set->keys, kKeysHelp);
  commands.on(set_command, [set](Context& context) { return set_trust(context, *set); });

  auto refresh = make_options<Options>();
  CLI::App& refresh_command = commands.add(
      family, {"refresh", "Pin the keys that the provider has now", "assay trust refresh github-churn", "0 done"});
  refresh_command.add_option("name", refresh->name, "of the trust")->required();
  refresh_command.add_option("--keys", refresh->keys, kKeysHelp);
  commands.on(refresh_command, [refresh](Context& context) { return refresh_trust(context, *refresh); });

  CLI::App& list_command = commands.add(family, {"ls", "List whom the registry trusts", "assay trust ls", ""});
  commands.on(list_command, [](Context& context) { return list_trusts(context); });

  auto remove = make_options<Options>();
  CLI::App& remove_command =
      commands.add(family, {"remove", "Trust them no longer", "assay trust remove github-churn", "0 removed"});
  remove_command.add_option("name", remove->name, "of the trust")->required();
  commands.on(remove_command, [remove](Context& context) { return remove_trust(context, *remove); });
}

}  // namespace assay::cli
