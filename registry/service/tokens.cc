// SPDX-License-Identifier: Apache-2.0
#include "registry/service/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/access/token_secret.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/tokens.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxExpiry_s = 10LL * 365 * 24 * 3600;  // later than anybody remembers why it exists
constexpr std::size_t kMaxTokenName = 96;

// Names stand in decisions and logs: one line, no quoting needed.
void check_token_name(std::string_view name) {
  const bool fits =
      !name.empty() && name.size() <= kMaxTokenName && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("._-@+:/").find(c) != std::string_view::npos;
      });
  if (!fits)
    throw Error(
        Code::invalid_argument,
        fmt::format("A token's name has 1 to {} letters, digits and characters of ._-@+:/, such as ci or "
                    "ann@example.org",
                    kMaxTokenName));
}

void require_admin_of(const Principal& caller, const Grant& grant) {
  if (grant.space)
    require(caller, Permission::admin, *grant.space);
  else
    require_everywhere(caller, Permission::admin);
}

AuditEntry audit_entry(const Principal& caller, std::string action, const TokenRecord& token, Time now) {
  return {
      .time = now,
      .actor = caller.name,
      .action = std::move(action),
      .subject = "tokens/" + token.id.text(),
      .details = canonical({{"name", token.name},
                            {"role", text(token.grant.role)},
                            {"namespace", token.grant.scope()},
                            {"expires_at", token.expires_at ? json(format_time(*token.expires_at)) : json()},
                            {"token", caller.id.text()}})};
}

}  // namespace

TokenRequest parse_token_request(std::string_view body) {
  const json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  TokenRequest request{
      .name = object.text("name"), .grant = {parse_role(object.text("role")), {}}, .expires_in = {}};
  check_token_name(request.name);
  if (const auto space = object.optional_text("namespace"); space && *space != "*")
    request.grant.space = Namespace::parse(*space);
  if (const auto seconds = object.optional_integer("expires_in_s", 1, kMaxExpiry_s))
    request.expires_in = std::chrono::seconds(*seconds);
  object.finish();
  return request;
}

void to_json(json& out, const NewToken& token) {
  out = {{"token", token.secret},
         {"id", token.id.text()},
         {"name", token.name},
         {"role", text(token.grant.role)},
         {"namespace", token.grant.scope()},
         {"created_at", format_time(token.created_at)},
         {"expires_at", token.expires_at ? json(format_time(*token.expires_at)) : json()}};
}

NewToken create_token(const Services& services, const Principal& caller, const TokenRequest& request) {
  require_admin_of(caller, request.grant);
  check_token_name(request.name);
  const TokenSecret secret = TokenSecret::make(services.entropy);
  const Time now = services.clock.now();
  std::optional<Time> expires_at;
  if (request.expires_in) expires_at = now + *request.expires_in;
  const TokenRecord record{new_id(services.clock, services.entropy),
                           secret.hash(),
                           request.name,
                           request.grant,
                           now,
                           caller.name,
                           expires_at,
                           {}};
  services.database.write([&](Transaction& transaction) {
    insert_token(transaction, record);
    append_audit(transaction, audit_entry(caller, "create_token", record, now));
  });
  return {secret.text(), record.id, record.name, record.grant, now, expires_at};
}

void revoke_token(const Services& services, const Principal& caller, const Id& id) {
  const Time now = services.clock.now();
  services.database.write([&](Transaction& transaction) {
    const auto token = find_token(transaction, id);
    // Who could not have made it is not told that it exists.
    if (!token || !(token->grant.space ? caller.may(Permission::admin, *token->grant.space)
                                       : caller.may_everywhere(Permission::admin)))
      throw Error(Code::not_found,
                  fmt::format("There is no token {} that \"{}\" may revoke", id.text(), caller.name));
    if (token->revoked_at) return;
    revoke_token(transaction, id, now);
    append_audit(transaction, audit_entry(caller, "revoke_token", *token, now));
  });
}

json whoami(const Principal& caller, std::string_view server_version) {
  return {{"principal", caller.name}, {"roles", caller.grants}, {"version", server_version}};
}

}  // namespace assay
