// SPDX-License-Identifier: Apache-2.0
// The queue on a real catalogue and a clock that a test sets: what is told to whom, in which order, and what is left
// after a failure, a crash or a deletion.
#include "registry/events/delivery_queue.h"

#include <nlohmann/json.hpp>

#include "registry/catalog/deliveries.h"
#include "registry/catalog/events.h"
#include "registry/catalog/webhooks.h"
#include "registry/events/retry_schedule.h"
#include "registry/events/signature.h"
#include "registry/service/delete_version.h"
#include "registry/service/libraries.h"
#include "registry/service/webhooks.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;

namespace {

const SendResult kTaken{.http_status = 200};
const SendResult kFailed{.http_status = 500};

struct Story : Registry {
  DeliveryQueue queue{*catalogue.database, clock, entropy};

  Webhook hook(const std::string& space = "", std::vector<std::string> events = {},
               const std::string& host = "a.example") {
    WebhookRequest wish{WebhookUrl::parse("https://" + host + "/"), EventFilter::parse(std::move(events)), {}};
    if (!space.empty()) wish.space = Namespace::parse(space);
    return create_webhook(services, {}, admin, wish);
  }
  void publish(const std::string& name, const std::string& bytes) { push(admin, name, bytes); }
  // Takes one, which must be there, and says what came of it.
  Assignment tell(const SendResult& result) {
    auto assignment = queue.take();
    REQUIRE(assignment);
    queue.settle(*assignment, result, 5ms);
    return *std::move(assignment);
  }
  std::string told(const SendResult& result = kTaken) { return tell(result).delivery.event.subject; }
  std::vector<Delivery> log(const Webhook& webhook) {
    return list_deliveries(services, admin, webhook.id, {}).items;
  }
};

}  // namespace

TEST_CASE("Delivery queue: a webhook is told of what happens after it was made, in order, signed") {
  Story story;
  story.publish("before", "0");
  const Webhook hook = story.hook();
  CHECK_FALSE(story.queue.take());
  story.publish("churn", "1");
  story.publish("fraud", "2");
  const Assignment first = story.tell(kTaken);
  CHECK(first.delivery.event.subject == "models/default/churn/versions/1");
  const auto body = nlohmann::json::parse(first.message.body);
  CHECK(body.at("type") == "io.assay.version.published");
  CHECK(body.at("id") == first.message.id);
  CHECK(body.at("sequence") == std::to_string(first.delivery.event.seq));
  CHECK(first.message.timestamp_s == kNow.time_since_epoch() / 1s);
  CHECK(first.message.signature ==
        webhook_signature(hook.secret, first.message.id, first.message.timestamp_s, first.message.body));
  CHECK(story.told() == "models/default/fraud/versions/1");
  CHECK_FALSE(story.queue.take());
  CHECK_FALSE(story.queue.next_time());
}

TEST_CASE("Delivery queue: of a namespace and of types, a webhook hears just those, and what concerns all") {
  Story story;
  story.hook("acme", {"io.assay.version.*", "io.assay.library.revoked"});
  story.publish("rival/churn", "1");
  story.publish("acme/churn", "2");
  delete_version(story.services, story.admin, Kind::model, Name::parse("acme/churn"), Selector::parse("1"));
  revoke_library(story.services, story.admin, Digest::of("library"), R"({"reason":"bad"})");
  reinstate_library(story.services, story.admin, Digest::of("library"), R"({"reason":"good"})");
  CHECK(story.tell(kTaken).delivery.event.type == "io.assay.version.published");
  CHECK(story.tell(kTaken).delivery.event.type == "io.assay.version.deleted");
  CHECK(story.tell(kTaken).delivery.event.type == "io.assay.library.revoked");
  CHECK_FALSE(story.queue.take());
}

TEST_CASE("Delivery queue: an event that is wanted is found behind however many that are not") {
  Story story;
  const Webhook hook = story.hook("", {"io.assay.version.published"});
  story.services.database.write([&](Transaction& transaction) {
    for (std::int64_t i = 0; i <= 2 * kScan; ++i)
      append_event(transaction, std::nullopt, test_event(hook.id, kNow, new_id(story.clock, story.entropy)));
  });
  CHECK_FALSE(story.queue.take());
  story.publish("churn", "1");
  CHECK(story.told() == "models/default/churn/versions/1");
  DeliveryQueue reborn(*story.catalogue.database, story.clock, story.entropy);
  CHECK_FALSE(reborn.take());
}

TEST_CASE("Delivery queue: what fails is due again later under the same id, and holds back what comes after it") {
  Story story;
  const Webhook hook = story.hook();
  story.publish("churn", "1");
  story.publish("churn", "2");
  const std::string id = story.tell(kFailed).message.id;
  CHECK_FALSE(story.queue.take());
  REQUIRE(story.queue.next_time() == story.clock.time + 10s);
  story.clock.time += 9999ms;
  CHECK_FALSE(story.queue.take());
  story.clock.time += 1ms;
  const Assignment again = story.tell({.error = "no answer in time"});
  CHECK(again.message.id == id);
  CHECK(again.message.timestamp_s == story.clock.time.time_since_epoch() / 1s);
  CHECK(story.queue.next_time() == story.clock.time + 20s);
  story.clock.time += 20s;
  CHECK(story.tell(kTaken).message.id == id);
  CHECK(story.told() == "models/default/churn/versions/2");

  const Delivery first = story.log(hook).at(1);
  CHECK(first.status == DeliveryStatus::delivered);
  REQUIRE(first.attempts.size() == 3);
  CHECK(first.attempts[0] == DeliveryAttempt{kNow - 5ms, 500, "the receiver answered 500", 5ms});
  CHECK(first.attempts[1].error == "no answer in time");
  CHECK_FALSE(first.attempts[1].http_status);
  CHECK(first.attempts[2].error == "");
}

TEST_CASE("Delivery queue: after the last attempt a delivery is dead, the next event follows, and somebody can repeat it") {
  Story story;
  const Webhook hook = story.hook();
  story.publish("churn", "1");
  story.publish("churn", "2");
  std::string id;
  for (std::size_t attempt = 0; attempt < kMaxAttempts; ++attempt) {
    story.clock.time += kLongestRetry;
    id = story.tell(kFailed).message.id;
  }
  const Delivery dead = story.log(hook).at(0);
  CHECK(dead.status == DeliveryStatus::dead);
  CHECK(dead.attempts.size() == kMaxAttempts);
  CHECK(story.told() == "models/default/churn/versions/2");
  CHECK_FALSE(story.queue.take());

  const Delivery again = redeliver(story.services, story.admin, dead.id);
  CHECK(again.cause == DeliveryCause::again);
  CHECK(story.tell(kFailed).message.id == id);
  CHECK(code_of([&] { redeliver(story.services, story.admin, again.id); }) == Code::conflict);
  story.publish("churn", "3");
  CHECK(story.told() == "models/default/churn/versions/3");  // a repeat holds nothing back
  story.clock.time += kFirstRetry;
  CHECK(story.tell(kTaken).message.id == id);
}

TEST_CASE("Delivery queue: what was taken but not settled when the server died is taken again, what was settled is not") {
  Story story;
  story.hook();
  story.publish("churn", "1");
  story.publish("churn", "2");
  const std::string settled = story.tell(kTaken).message.id;
  const auto lost = story.queue.take();
  REQUIRE(lost);
  DeliveryQueue reborn(*story.catalogue.database, story.clock, story.entropy);
  const auto again = reborn.take();
  REQUIRE(again);
  CHECK(again->message.id == lost->message.id);
  CHECK(again->message.id != settled);
  reborn.settle(*again, kFailed, 1ms);
  DeliveryQueue third(*story.catalogue.database, story.clock, story.entropy);
  CHECK_FALSE(third.take());
  story.clock.time += kFirstRetry + 1s;
  CHECK(third.take()->message.id == lost->message.id);
}

TEST_CASE("Delivery queue: a webhook has one delivery under way, whatever else is due, and others do not wait for it") {
  Story story;
  const Webhook one = story.hook("", {}, "one.example");
  const Webhook two = story.hook("", {}, "two.example");
  story.publish("churn", "1");
  test_webhook(story.services, story.admin, one.id);
  const auto first = story.queue.take();
  const auto second = story.queue.take();
  REQUIRE((first && second));
  CHECK(first->message.url.host() == "one.example");
  CHECK(first->delivery.cause == DeliveryCause::test);
  CHECK(second->message.url.host() == "two.example");
  CHECK_FALSE(story.queue.take());
  story.queue.settle(*first, kTaken, 1ms);
  CHECK(story.told() == "models/default/churn/versions/1");
  story.queue.put_back(*second);
  CHECK(story.queue.take()->message.id == second->message.id);
  CHECK(two.id == second->delivery.webhook);
}

TEST_CASE("Delivery queue: a test is tried once, and says in the log what it found") {
  Story story;
  const Webhook hook = story.hook("", {"io.assay.stage.*"});
  const Delivery test = test_webhook(story.services, story.admin, hook.id);
  const Assignment told = story.tell(kFailed);
  CHECK(told.delivery.event.type == "io.assay.webhook.test");
  CHECK(told.delivery.event == test.event);
  CHECK(told.message.id == test.id.text());
  CHECK(describe_delivery(story.services, story.admin, test.id).status == DeliveryStatus::dead);
  CHECK(code_of([&] { redeliver(story.services, story.admin, test.id); }) == Code::conflict);
}

TEST_CASE("Delivery queue: a receiver that is gone ends the webhook, and nothing more is due") {
  Story story;
  const Webhook hook = story.hook();
  story.publish("churn", "1");
  story.publish("churn", "2");
  test_webhook(story.services, story.admin, hook.id);
  test_webhook(story.services, story.admin, hook.id);
  story.tell({.http_status = 410});
  CHECK_FALSE(story.queue.take());
  CHECK_FALSE(describe_webhook(story.services, story.admin, hook.id).active);
  for (const Delivery& delivery : story.log(hook)) CHECK(delivery.status == DeliveryStatus::dead);
  CHECK(code_of([&] { test_webhook(story.services, story.admin, hook.id); }) == Code::conflict);
}

TEST_CASE("Delivery queue: a webhook that is deleted while it is told leaves nothing behind") {
  Story story;
  const Webhook hook = story.hook();
  story.publish("churn", "1");
  const auto assignment = story.queue.take();
  delete_webhook(story.services, story.admin, hook.id);
  story.queue.settle(*assignment, kFailed, 1ms);
  CHECK_FALSE(story.queue.take());
  story.clock.time += 1h;
  CHECK_FALSE(story.queue.take());
}

TEST_CASE("Delivery queue: when what came of it cannot be recorded, the receiver is not told again at once") {
  // Reads and does not write, as when the disk is full.
  struct Full final : Database {
    explicit Full(Database& the_inner) : inner(the_inner) {}
    void migrate() override {}
    std::uint64_t commits() const override { return inner.commits(); }
    void run_read(const std::function<void(Snapshot&)>& fn) override { inner.read(fn); }
    void run_write(const std::function<void(Transaction&)>&) override { throw Error(Code::full, "the disk is full"); }
    Database& inner;
  };
  Story story;
  story.hook();
  story.publish("churn", "1");
  Full full(*story.catalogue.database);
  DeliveryQueue queue(full, story.clock, story.entropy);
  const auto assignment = queue.take();
  CHECK(code_of([&] { queue.settle(*assignment, kTaken, 1ms); }) == Code::full);
  CHECK_FALSE(queue.take());
  CHECK(queue.next_time() == story.clock.time + kRest);
  story.clock.time += kRest;
  CHECK(queue.take()->message.id == assignment->message.id);
}

TEST_CASE("Delivery queue: of settled deliveries the newest are kept, of those that are due all") {
  Story story;
  const Webhook hook = story.hook();
  std::vector<Delivery> tests;
  for (int i = 0; i < 5; ++i) tests.push_back(test_webhook(story.services, story.admin, hook.id));
  for (int i = 0; i < 4; ++i) story.tell(kTaken);
  story.services.database.write([&](Transaction& transaction) { trim_deliveries(transaction, hook.id, 2); });
  CHECK(story.log(hook).size() == 2);
  CHECK(story.log(hook).at(0).status == DeliveryStatus::due);
  story.services.database.write([&](Transaction& transaction) { trim_deliveries(transaction, hook.id, 0); });
  REQUIRE(story.log(hook).size() == 1);
  CHECK(story.log(hook).at(0).id == tests.back().id);
}

TEST_CASE("Delivery queue: the backlog counts what is being told and what is due again, and knows the oldest event") {
  Story story;
  story.hook();
  CHECK(story.queue.backlog().deliveries == 0);
  CHECK_FALSE(story.queue.backlog().oldest);
  story.publish("churn", "1");
  const Time first = story.clock.time;
  const auto assignment = story.queue.take();
  REQUIRE(assignment);
  story.clock.time += 1s;
  story.publish("churn", "2");
  CHECK(story.queue.backlog().deliveries == 1);
  CHECK(story.queue.backlog().oldest == first);
  CHECK(story.queue.settle(*assignment, kFailed, 5ms) == DeliveryStatus::due);
  CHECK(story.queue.backlog().deliveries == 1);
  CHECK(story.queue.backlog().oldest == first);
  story.clock.time += 1h;
  const auto again = story.queue.take();
  REQUIRE(again);
  CHECK(story.queue.backlog().deliveries == 1);  // it is in the catalogue and being told: once
  CHECK(story.queue.settle(*again, kTaken, 5ms) == DeliveryStatus::delivered);
  CHECK(story.queue.backlog().deliveries == 0);
}
