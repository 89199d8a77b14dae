// SPDX-License-Identifier: Apache-2.0
#include "registry/service/trusts.h"

#include "registry/access/authenticator.h"
#include "registry/catalog/audit.h"
#include "registry/catalog/tokens.h"
#include "tests/support/identity_provider.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;
using Catch::Matchers::Contains;

namespace {

struct Provider : Registry {
  IdentityKey key = IdentityKey::ec("2026");
  Principal keeper = caller("keeper", Role::admin, "acme");

  Provider() { put(keeper, document()); }

  json document() {
    return {{"issuer", "https://idp"},
            {"audience", "assay"},
            {"claims", {{"repository_id", {"42"}}, {"ref", {"refs/heads/main", "refs/heads/release"}}}},
            {"role", "promoter"},
            {"namespace", "acme"},
            {"keys", {{"keys", {key.jwk()}}}}};
  }
  Trust put(const Principal& who, const json& document, const std::string& name = "github") {
    return put_trust(services, who, name, document.dump());
  }
  json claims() {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock.now()).time_since_epoch().count();
    return {{"iss", "https://idp"}, {"aud", {"other", "assay"}}, {"sub", "repo:acme/churn:ref:refs/heads/main"},
            {"exp", now + 300},     {"repository_id", 42},       {"ref", "refs/heads/main"},
            {"run_id", "7001"},     {"sha", "c0ffee"},           {"private", "not for the record"}};
  }
  NewToken exchange(const json& claims, const std::string& trust = "github") {
    return exchange_token(services, {trust, key.sign(claims)});
  }
  std::string refusal(const char* claim, const json& value) {
    json changed = claims();
    changed[claim] = value;
    CHECK(code_of([&] { exchange(changed); }) == Code::unauthenticated);
    return message_of([&] { exchange(changed); });
  }
};

}  // namespace

TEST_CASE("Trust: a job's identity token is exchanged for ten minutes in its namespace, on record with its commit") {
  Provider registry;
  const NewToken token = registry.exchange(registry.claims());
  CHECK(token.expires_at == registry.clock.now() + std::chrono::minutes(10));
  const Authenticator door(*registry.catalogue.database, registry.clock);
  const Principal job = door.authenticate_token(token.secret);
  CHECK(job.name == "github");
  CHECK(job.may(Permission::promote, Namespace::parse("acme")));
  CHECK_FALSE(job.may(Permission::register_, Namespace::parse("acme")));
  CHECK_FALSE(job.may_somewhere(Permission::admin));
  CHECK_FALSE(job.may(Permission::read, Namespace::parse("rival")));
  const json workload = json::parse(job.workload);
  CHECK(workload == json{{"issuer", "https://idp"},
                         {"subject", "repo:acme/churn:ref:refs/heads/main"},
                         {"claims",
                          {{"repository_id", "42"}, {"ref", "refs/heads/main"}, {"run_id", "7001"}, {"sha", "c0ffee"}}}});
  const auto trail = registry.services.database.read([](Snapshot& snapshot) { return list_audit(snapshot, {{}, 1}); });
  CHECK(trail.items.at(0).action == "exchange_token");
  CHECK_THAT(trail.items.at(0).details, Contains("7001"));
  registry.clock.time += std::chrono::minutes(10);
  CHECK(code_of([&] { door.authenticate_token(token.secret); }) == Code::unauthenticated);
}

TEST_CASE("Trust: issuer, audience and each claim must be exactly what it says") {
  Provider registry;
  CHECK_THAT(registry.refusal("iss", "https://idp/"), Contains("issuer"));
  CHECK_THAT(registry.refusal("aud", "assay.example"), Contains("audience"));
  CHECK_THAT(registry.refusal("aud", json()), Contains("audience"));
  CHECK_THAT(registry.refusal("repository_id", 421), Contains("repository_id"));
  CHECK_THAT(registry.refusal("repository_id", json::array({"42"})), Contains("no claim \"repository_id\""));
  CHECK_THAT(registry.refusal("ref", "refs/heads/Main"), Contains("\"ref\""));
  CHECK_THAT(registry.refusal("ref", "refs/heads/main "), Contains("\"ref\""));
  json release = registry.claims();
  release["ref"] = "refs/heads/release";
  CHECK_NOTHROW(registry.exchange(release));
  CHECK(code_of([&] { registry.exchange(registry.claims(), "gitlab"); }) == Code::unauthenticated);
  const std::string foreign = IdentityKey::ec("2026").sign(registry.claims());
  CHECK(code_of([&] { exchange_token(registry.services, {"github", foreign}); }) == Code::unauthenticated);
}

TEST_CASE("Trust: only an admin of the namespace sets, sees and removes it") {
  Provider registry;
  const Principal other = registry.caller("other", Role::admin, "rival");
  CHECK(code_of([&] { registry.put(registry.ann, registry.document()); }) == Code::denied);
  CHECK(code_of([&] { registry.put(other, registry.document()); }) == Code::denied);
  json mine = registry.document();
  mine["namespace"] = "rival";
  CHECK(code_of([&] { registry.put(other, mine); }) == Code::denied);  // the name is taken
  CHECK_NOTHROW(registry.put(other, mine, "rivals"));
  CHECK(list_trusts(registry.services, registry.keeper).size() == 1);
  CHECK(list_trusts(registry.services, registry.admin).size() == 2);
  CHECK_FALSE(json(list_trusts(registry.services, registry.keeper)).dump().find("\"x\"") != std::string::npos);
  CHECK(code_of([&] { remove_trust(registry.services, other, "github"); }) == Code::not_found);
  remove_trust(registry.services, registry.keeper, "github");
  CHECK(code_of([&] { registry.exchange(registry.claims()); }) == Code::unauthenticated);
}

TEST_CASE("Trust: one that would let in everybody, or an admin, or proves nothing, is refused") {
  Provider registry;
  const auto refused = [&](const char* member, const json& value) {
    json changed = registry.document();
    changed[member] = value;
    return code_of([&] { registry.put(registry.keeper, changed); });
  };
  CHECK(refused("claims", json::object()) == Code::invalid_argument);
  CHECK(refused("claims", {{"aud", {"x"}}}) == Code::invalid_argument);
  CHECK(refused("claims", {{"ref", json::array()}}) == Code::invalid_argument);
  CHECK(refused("claims", {{"ref", {""}}}) == Code::invalid_argument);
  CHECK(refused("claims", {{"ref", "x"}}) == Code::invalid_argument);
  CHECK(refused("role", "admin") == Code::invalid_argument);
  CHECK(refused("namespace", "*") == Code::invalid_argument);
  CHECK(refused("issuer", "") == Code::invalid_argument);
  CHECK(refused("keys", {{"keys", json::array()}}) == Code::invalid_argument);
  CHECK(refused("keys", json::object()) == Code::invalid_argument);
  CHECK(refused("more", 1) == Code::invalid_argument);
  json many = json::object();
  for (std::size_t i = 0; i <= Trust::kMaxClaims; ++i) many["c" + std::to_string(i)] = {"x"};
  CHECK(refused("claims", many) == Code::invalid_argument);
  many.erase("c0");
  json most = registry.document();
  most["claims"] = many;
  CHECK_NOTHROW(registry.put(registry.keeper, most));
  CHECK(code_of([&] { registry.put(registry.keeper, registry.document(), "a/b"); }) == Code::invalid_argument);
}

TEST_CASE("Trust: tokens of jobs are forgotten a day after they expired, others never") {
  Provider registry;
  const NewToken first = registry.exchange(registry.claims());
  const NewToken person = create_token(
      registry.services, registry.keeper,
      {.name = "ci", .grant = {Role::reader, Namespace::parse("acme")}, .expires_in = std::chrono::seconds(1)});
  const auto known = [&](const NewToken& token) {
    return registry.services.database.read([&](Snapshot& snapshot) { return find_token(snapshot, token.id).has_value(); });
  };
  registry.clock.time += std::chrono::hours(24) + std::chrono::minutes(11);
  registry.exchange(registry.claims());
  CHECK_FALSE(known(first));
  CHECK(known(person));
}
