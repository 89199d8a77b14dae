// SPDX-License-Identifier: Apache-2.0
#include "registry/service/tokens.h"

#include <nlohmann/json.hpp>

#include "registry/access/authenticator.h"
#include "registry/service/audit_trail.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;

namespace {

TokenRequest wish(Role role, const std::string& space) {
  TokenRequest request{.name = "ci", .grant = {role, {}}, .expires_in = {}};
  if (!space.empty()) request.grant.space = Namespace::parse(space);
  return request;
}

}  // namespace

TEST_CASE("Tokens: a new one works as asked until it expires, and its secret is in no record") {
  Registry registry;
  TokenRequest request = wish(Role::promoter, "acme");
  request.expires_in = std::chrono::seconds(60);
  const NewToken token = create_token(registry.services, registry.admin, request);
  const Authenticator authenticator(*registry.catalogue.database, registry.clock);
  const Principal principal = authenticator.authenticate_token(token.secret);
  CHECK(principal.id == token.id);
  CHECK(principal.may(Permission::promote, Namespace::parse("acme")));
  CHECK_FALSE(principal.may(Permission::register_, Namespace::parse("acme")));
  registry.clock.time += std::chrono::seconds(60);
  CHECK(code_of([&] { authenticator.authenticate_token(token.secret); }) == Code::unauthenticated);

  const auto audit = audit_trail(registry.services, registry.admin, {});
  REQUIRE(audit.items.size() == 1);
  CHECK(audit.items[0].action == "create_token");
  CHECK(audit.items[0].subject == "tokens/" + token.id.text());
  CHECK_THAT(json(audit.items[0]).dump(), !Catch::Contains(token.secret));
}

TEST_CASE("Tokens: nobody gives away more than they administer") {
  Registry registry;
  const Principal local = registry.caller("lea", Role::admin, "acme");
  CHECK(create_token(registry.services, local, wish(Role::writer, "acme")).name == "ci");
  CHECK(code_of([&] { create_token(registry.services, local, wish(Role::reader, "rival")); }) ==
        Code::denied);
  CHECK(code_of([&] { create_token(registry.services, local, wish(Role::reader, "")); }) == Code::denied);
  CHECK(code_of([&] { create_token(registry.services, registry.ann, wish(Role::reader, "acme")); }) ==
        Code::denied);
  CHECK(code_of([&] { audit_trail(registry.services, local, {}); }) == Code::denied);
}

TEST_CASE("Tokens: revoking ends one at once, and only for those who could have made it") {
  Registry registry;
  const NewToken token = create_token(registry.services, registry.admin, wish(Role::writer, "acme"));
  const Principal stranger = registry.caller("lea", Role::admin, "rival");
  CHECK(code_of([&] { revoke_token(registry.services, stranger, token.id); }) == Code::not_found);
  CHECK(code_of([&] {
          revoke_token(registry.services, registry.admin, new_id(registry.clock, registry.entropy));
        }) == Code::not_found);
  revoke_token(registry.services, registry.admin, token.id);
  revoke_token(registry.services, registry.admin, token.id);
  const Authenticator authenticator(*registry.catalogue.database, registry.clock);
  CHECK(code_of([&] { authenticator.authenticate_token(token.secret); }) == Code::unauthenticated);
  CHECK(audit_trail(registry.services, registry.admin, {}).items.size() == 2);
}

TEST_CASE("Token request: the whole body is checked") {
  const TokenRequest all = parse_token_request(R"({"name":"ci","role":"writer"})");
  CHECK_FALSE(all.grant.space);
  CHECK_FALSE(all.expires_in);
  const TokenRequest one = parse_token_request(
      R"({"name":"ann@example.org","role":"admin","namespace":"acme","expires_in_s":60})");
  CHECK(one.grant.space == Namespace::parse("acme"));
  CHECK(one.expires_in == std::chrono::seconds(60));
  for (const char* body :
       {"{}", R"({"name":"ci"})", R"({"name":"ci","role":"root"})", R"({"name":"","role":"reader"})",
        R"({"name":"a b","role":"reader"})", R"({"name":"ci","role":"reader","expires_in_s":0})",
        R"({"name":"ci","role":"reader","expires_in_s":1e3})",
        R"({"name":"ci","role":"reader","namespace":".."})",
        R"({"name":"ci","role":"reader","expires_in_s":315360001})",
        R"({"name":"ci","role":"reader","extra":1})"})
    CHECK(code_of([&] { parse_token_request(body); }) == Code::invalid_argument);
}

TEST_CASE("Whoami: says name, roles and version") {
  Registry registry;
  CHECK(whoami(registry.ann, "1.2.3") ==
        json::parse(R"({"principal":"ann","roles":[{"namespace":"acme","role":"writer"}],
                                                         "version":"1.2.3"})"));
  CHECK(whoami(registry.admin, "1").at("roles").at(0).at("namespace") == "*");
}
