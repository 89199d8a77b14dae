// SPDX-License-Identifier: Apache-2.0
#include "registry/service/webhooks.h"

#include <nlohmann/json.hpp>

#include "registry/service/audit_trail.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;

namespace {

struct Story : Registry {
  Principal acme = caller("acme-admin", Role::admin, "acme");
  Principal rival = caller("rival-admin", Role::admin, "rival");

  Webhook make(const Principal& who, const std::string& body) {
    return create_webhook(services, {}, who, parse_webhook_request(body));
  }
};

constexpr const char* kAll = R"({"url":"https://a.example/s3cret"})";
constexpr const char* kAcme = R"({"url":"https://a.example/s3cret","namespace":"acme","events":["io.assay.stage.*"]})";

}  // namespace

TEST_CASE("Webhooks: an admin of the namespace makes one, and of all namespaces only an admin of all") {
  Story story;
  CHECK(code_of([&] { story.make(story.ann, kAcme); }) == Code::denied);
  CHECK(code_of([&] { story.make(story.rival, kAcme); }) == Code::denied);
  CHECK(code_of([&] { story.make(story.acme, kAll); }) == Code::denied);
  const Webhook own = story.make(story.acme, kAcme);
  const Webhook all = story.make(story.admin, kAll);
  CHECK(list_webhooks(story.services, story.admin).size() == 2);
  REQUIRE(list_webhooks(story.services, story.acme).size() == 1);
  CHECK(list_webhooks(story.services, story.acme)[0].id == own.id);
  CHECK(list_webhooks(story.services, story.rival).empty());
  CHECK(code_of([&] { list_webhooks(story.services, story.ann); }) == Code::denied);
  CHECK(describe_webhook(story.services, story.acme, own.id).url == own.url);
  for (const Principal* stranger : {&story.rival, &story.ann}) {
    CHECK(code_of([&] { describe_webhook(story.services, *stranger, own.id); }) == Code::not_found);
    CHECK(code_of([&] { delete_webhook(story.services, *stranger, own.id); }) == Code::not_found);
    CHECK(code_of([&] { test_webhook(story.services, *stranger, own.id); }) == Code::not_found);
    CHECK(code_of([&] { list_deliveries(story.services, *stranger, own.id, {}); }) == Code::not_found);
  }
  const Delivery test = test_webhook(story.services, story.acme, own.id);
  CHECK(describe_delivery(story.services, story.acme, test.id).id == test.id);
  CHECK(code_of([&] { describe_delivery(story.services, story.rival, test.id); }) == Code::not_found);
  CHECK(code_of([&] { redeliver(story.services, story.rival, test.id); }) == Code::not_found);
  CHECK(code_of([&] { describe_webhook(story.services, story.acme, all.id); }) == Code::not_found);
  delete_webhook(story.services, story.acme, own.id);
  CHECK(code_of([&] { describe_webhook(story.services, story.acme, own.id); }) == Code::not_found);
  CHECK(code_of([&] { describe_delivery(story.services, story.acme, test.id); }) == Code::not_found);
}

TEST_CASE("Webhooks: the secret is in the answer to making one and nowhere else, and the audit trail names no URL") {
  Story story;
  const Webhook webhook = story.make(story.admin, kAll);
  CHECK(created_webhook_answer(webhook).at("secret") == webhook.secret);
  CHECK(webhook.secret.starts_with("whsec_"));
  const json shown = describe_webhook(story.services, story.admin, webhook.id);
  CHECK(shown.dump().find("whsec_") == std::string::npos);
  CHECK(shown == json{{"id", webhook.id.text()},
                      {"namespace", "*"},
                      {"url", "https://a.example/s3cret"},
                      {"events", json::array()},
                      {"active", true},
                      {"created_at", format_time(kNow)},
                      {"created_by", "admin"}});
  delete_webhook(story.services, story.admin, webhook.id);
  const Page<AuditEntry> trail = audit_trail(story.services, story.admin, {});
  REQUIRE(trail.items.size() == 2);
  CHECK(trail.items[0].action == "delete_webhook");
  CHECK(trail.items[1].action == "create_webhook");
  for (const AuditEntry& entry : trail.items) {
    CHECK_THAT(entry.details, Catch::Contains("a.example"));
    CHECK(entry.details.find("s3cret") == std::string::npos);
  }
}

TEST_CASE("Webhooks: a request that says something else than it means is refused") {
  for (const char* body :
       {"", "{}", R"({"url":"http://"})", R"({"url":"https://a.example/","event":["io.assay.stage.*"]})",
        R"({"url":"https://a.example/","events":["stage.promoted"]})", R"({"url":"https://a.example/","events":[1]})",
        R"({"url":"https://a.example/","events":"io.assay.stage.*"})", R"({"url":"https://a.example/","namespace":"api"})",
        R"({"url":"https://a.example/","secret":"mine"})"}) {
    INFO(body);
    CHECK(code_of([&] { parse_webhook_request(body); }) == Code::invalid_argument);
  }
  Story story;
  CHECK(code_of([&] { story.make(story.admin, R"({"url":"http://a.example/"})"); }) == Code::invalid_argument);
  CHECK(code_of([&] { story.make(story.admin, R"({"url":"https://169.254.169.254/"})"); }) == Code::invalid_argument);
}

TEST_CASE("Webhooks: as many as the limit says for one namespace, and not one more") {
  Story story;
  for (std::int64_t i = 0; i < kMaxWebhooks; ++i) story.make(story.acme, kAcme);
  CHECK(code_of([&] { story.make(story.acme, kAcme); }) == Code::too_large);
  story.make(story.admin, kAll);
}

TEST_CASE("Webhooks: a request to repeat or test that is sent twice with one key makes one delivery") {
  Story story;
  const Webhook webhook = story.make(story.admin, kAll);
  RequestKey key = parse_request_key("k", "POST /api/v1/webhooks/x:test", "", {});
  const Delivery first = test_webhook(story.services, story.admin, webhook.id, &key);
  CHECK_FALSE(key.replayed);
  CHECK(test_webhook(story.services, story.admin, webhook.id, &key).id == first.id);
  CHECK(key.replayed);
  CHECK(list_deliveries(story.services, story.admin, webhook.id, {}).items.size() == 1);
}

TEST_CASE("Webhooks: deliveries come in pages, the newest first") {
  Story story;
  const Webhook webhook = story.make(story.admin, kAll);
  std::vector<Id> made;
  for (int i = 0; i < 5; ++i) made.push_back(test_webhook(story.services, story.admin, webhook.id).id);
  PageRequest page{.cursor = {}, .limit = 2};
  std::vector<Id> seen;
  do {
    const Page<Delivery> got = list_deliveries(story.services, story.admin, webhook.id, page);
    for (const Delivery& delivery : got.items) seen.push_back(delivery.id);
    page.cursor = got.next_cursor;
  } while (page.cursor);
  CHECK(std::vector<Id>(seen.rbegin(), seen.rend()) == made);
}
