// SPDX-License-Identifier: Apache-2.0
#include "registry/service/trusts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "registry/access/json_web_token.h"
#include "registry/access/token_secret.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/tokens.h"
#include "registry/catalog/trusts.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"
#include "storage/env/clock.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::chrono::hours kKeptExpired{24};  // for whoever looks why a job was refused

// Who could not have made it is not told that it exists.
bool may_change(const Principal& caller, const Trust& trust) {
  return caller.may(Permission::admin, *trust.grant.space);
}

AuditEntry audit_entry(const Principal& caller, std::string action, const Trust& trust, Time now) {
  json what = trust;
  what["token"] = caller.id.text();
  return {.time = now,
          .actor = caller.name,
          .action = std::move(action),
          .subject = "trusts/" + trust.name,
          .details = canonical(what)};
}

Error no_trust(const std::string& name, const Principal& caller) {
  return Error(Code::not_found, fmt::format("There is no trust \"{}\" that \"{}\" may change: assay trust ls shows them",
                                            beginning(name), caller.name));
}

}  // namespace

Trust put_trust(const Services& services, const Principal& caller, const std::string& name, std::string_view body) {
  Trust trust = Trust::parse(name, parse_json(body, "the request body"));
  require(caller, Permission::admin, *trust.grant.space);
  JsonWebKeys::parse(trust.keys);
  const Time now = services.clock.now();
  return services.database.write([&](Transaction& transaction) {
    if (const auto before = find_trust(transaction, name); before && !may_change(caller, *before))
      throw Error(Code::denied, fmt::format("The trust \"{}\" lets into another namespace: choose another name", name));
    put_trust(transaction, trust, caller.name, now);
    append_audit(transaction, audit_entry(caller, "set_trust", trust, now));
    return trust;
  });
}

void remove_trust(const Services& services, const Principal& caller, const std::string& name) {
  const Time now = services.clock.now();
  services.database.write([&](Transaction& transaction) {
    const auto trust = find_trust(transaction, name);
    if (!trust || !may_change(caller, *trust)) throw no_trust(name, caller);
    remove_trust(transaction, name);
    append_audit(transaction, audit_entry(caller, "remove_trust", *trust, now));
  });
}

std::vector<Trust> list_trusts(const Services& services, const Principal& caller) {
  require_somewhere(caller, Permission::admin);
  const auto all = services.database.read([](Snapshot& snapshot) { return list_trusts(snapshot); });
  std::vector<Trust> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out),
               [&](const Trust& trust) { return may_change(caller, trust); });
  return out;
}

ExchangeRequest parse_exchange_request(std::string_view body) {
  const json document = parse_json(body, "the request body");
  JsonObject object(document, "the request body");
  ExchangeRequest request{object.text("trust"), object.text("token")};
  object.finish();
  return request;
}

NewToken exchange_token(const Services& services, const ExchangeRequest& request) {
  const Time now = services.clock.now();
  const auto trust =
      services.database.read([&](Snapshot& snapshot) { return find_trust(snapshot, request.trust); });
  if (!trust)
    throw Error(Code::unauthenticated, "This registry has no trust of that name; its administrator sets one with assay trust set");
  const json claims = proven_claims(request.token, JsonWebKeys::parse(trust->keys), now);
  if (const std::string why = unlike(*trust, claims); !why.empty())
    throw Error(Code::unauthenticated, fmt::format("The identity token {}", why));
  const TokenSecret secret = TokenSecret::make(services.entropy);
  const TokenRecord record{new_id(services.clock, services.entropy), secret.hash(), trust->name, trust->grant, now,
                           "trust " + trust->name, now + kWorkloadTokenLife, {}, canonical(workload_of(*trust, claims))};
  services.database.write([&](Transaction& transaction) {
    forget_workload_tokens(transaction, now - kKeptExpired);
    insert_token(transaction, record);
    append_audit(transaction, {.time = now,
                               .actor = trust->name,
                               .action = "exchange_token",
                               .subject = "tokens/" + record.id.text(),
                               .details = record.workload});
  });
  return {secret.text(), record.id, record.name, record.grant, now, record.expires_at};
}

}  // namespace assay
