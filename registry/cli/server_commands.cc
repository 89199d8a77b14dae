// SPDX-License-Identifier: Apache-2.0
// `assay token create` and `version`: small questions to a server.
#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "registry/cli/command.h"
#include "registry/cli/commands.h"
#include "registry/cli/config.h"
#include "registry/cli/table.h"
#include "registry/client/identity_provider.h"
#include "registry/domain/duration.h"

namespace assay::cli {
namespace {

using Json = nlohmann::json;

std::string text(const Json& object, const char* key) {
  if (!object.contains(key) || object[key].is_null()) return "-";
  return plain(object[key].is_string() ? object[key].get<std::string>() : object[key].dump());
}

struct TokenOptions {
  client::TokenWanted wanted;
  std::string expires;
};

int create_token(Context& context, const TokenOptions& options) {
  client::TokenWanted wanted = options.wanted;
  if (wanted.namespace_ != "*") wanted.namespace_ = Namespace::parse(wanted.namespace_).text();
  if (!options.expires.empty())
    wanted.expires_in_s =
        std::chrono::duration_cast<std::chrono::seconds>(parse_duration(options.expires)).count();
  if (wanted.name.empty()) wanted.name = wanted.role;
  const Json token = context.api().create_token(wanted);
  if (context.json()) {
    context.print_json(token);
    return 0;
  }
  // Alone on stdout, so that it can go straight into a file.
  std::cout << text(token, "token") << '\n';
  std::cerr << fmt::format("a {} token for {}, id {}, expires {}; it is shown only this once\n",
                           text(token, "role"),
                           wanted.namespace_ == "*" ? "all namespaces" : "namespace " + wanted.namespace_,
                           text(token, "id"), human_time(text(token, "expires_at")));
  return 0;
}

struct ExchangeOptions {
  std::string trust;
  std::string audience = "assay";
  std::string file;  // of the provider's token; empty: from the job's environment
};

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

std::string identity_token(Context& context, const ExchangeOptions& options) {
  if (!options.file.empty()) {
    std::ifstream file(options.file == "-" ? "/dev/stdin" : options.file);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    if (!file) throw Error(Code::not_found, "cannot read the identity token in " + plain(options.file));
    return trimmed(std::move(text));
  }
  const JobIdentity job = job_identity(context.program().environment);
  if (!job.token.empty()) return trimmed(job.token);
  if (!job.request_url.empty()) return client::github_identity(job.request_url, job.request_token, options.audience);
  throw Error(Code::invalid_argument,
              "this job has no identity: on GitHub give it `permissions: {id-token: write}`, on GitLab an id_token "
              "called ASSAY_ID_TOKEN, or name a file with --id-token");
}

int exchange_token(Context& context, const ExchangeOptions& options) {
  const Json token = context.api().exchange_token(options.trust, identity_token(context, options));
  if (context.json()) {
    context.print_json(token);
    return 0;
  }
  std::cout << text(token, "token") << '\n';
  std::cerr << fmt::format("a {} token for namespace {}, until {}\n", text(token, "role"), text(token, "namespace"),
                           human_time(text(token, "expires_at")));
  return 0;
}

int version(Context& context) {
  Json document = {{"client", context.program().version}, {"server", nullptr}, {"url", nullptr}};
  try {
    client::ApiClient& api = context.api();
    document["url"] = api.session().endpoint().text();
    document["server"] = api.whoami().value("version", "");
  } catch (const Error& error) {
    // The version of this program is known whatever the server does.
    document["server_error"] = error.message();
  }
  if (context.json()) {
    context.print_json(document);
    return 0;
  }
  std::cout << "assay " << context.program().version << '\n';
  if (document["server"].is_string())
    std::cout << "server " << text(document, "server") << " at " << text(document, "url") << '\n';
  else
    std::cout << plain(document.value("server_error", "")) << '\n';
  return 0;
}

void add_token_exchange(CommandSet& commands, CLI::App& family) {
  auto options = make_options<ExchangeOptions>();
  CLI::App& command = commands.add(
      family, {"exchange", "Get a token of ten minutes for this CI job, by its provider's word",
               "export ASSAY_TOKEN=$(assay token exchange --trust github-churn)", "0 made, 50 not trusted"});
  command.add_option("--trust", options->trust, "the trust that lets it in (assay trust set)")->required();
  command.add_option("--audience", options->audience, "that GitHub is asked to make the token for")->capture_default_str();
  command.add_option("--id-token", options->file, "a file with the provider's token, - for stdin; from the job when left out");
  commands.on(command, [options](Context& context) { return exchange_token(context, *options); });
}

}  // namespace

void add_token(CommandSet& commands) {
  CLI::App& family = commands.add_family(kServerGroup, "token", "Make tokens for people and programs");
  auto options = make_options<TokenOptions>();
  CLI::App& command = commands.add(
      family,
      {"create", "Make a token; it is printed once",
       "assay token create --role promoter --namespace acme --expires 30d > promoter.token", "0 made"});
  command.add_option("--role", options->wanted.role, "reader, writer, promoter or admin")
      ->required()
      ->check(CLI::IsMember({"reader", "writer", "promoter", "admin"}));
  command.add_option("--namespace", options->wanted.namespace_, "where it holds; * is everywhere")
      ->default_str("*");
  options->wanted.namespace_ = "*";
  command.add_option("--expires", options->expires, "30d, 12h, 15m; never when left out");
  command.add_option("--name", options->wanted.name, "for people: who or what it is for");
  commands.on(command, [options](Context& context) { return create_token(context, *options); });
  add_token_exchange(commands, family);
}

void add_version(CommandSet& commands) {
  CLI::App& command = commands.add(kServerGroup, {"version", "The version of this program and of the server",
                                                  "assay version", "0 always"});
  commands.on(command, [](Context& context) { return version(context); });
}

}  // namespace assay::cli
