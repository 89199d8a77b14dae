// SPDX-License-Identifier: Apache-2.0
// The worker's threads over the real queue, with a sender that answers when a test lets it.
#include "registry/events/delivery_worker.h"

#include <condition_variable>
#include <future>

#include "registry/events/ringing_database.h"
#include "registry/service/webhooks.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;

namespace {

// Holds what it is given until release() or cancel().
class HeldSender final : public WebhookSender {
 public:
  SendResult send(const WebhookMessage& message) override {
    std::unique_lock lock(mutex_);
    hosts_.push_back(message.url.host());
    most_ = std::max(most_, ++held_);
    changed_.notify_all();
    changed_.wait(lock, [&] { return cancelled_ || released_; });
    --held_;
    if (cancelled_) return {.error = "cancelled", .cancelled = true};
    return {.http_status = 200};
  }
  void cancel() override {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }
  void release() {
    const std::lock_guard lock(mutex_);
    released_ = true;
    changed_.notify_all();
  }
  // Whether so many were sent, within a minute.
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 60s, [&] { return hosts_.size() >= count; });
  }
  int most() const { return most_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> hosts_;
  int held_ = 0;
  int most_ = 0;
  bool cancelled_ = false;
  bool released_ = false;
};

struct Story : Registry {
  Bell bell;
  RingingDatabase ringing{*catalogue.database, bell};
  Services ringing_services{ringing, blobs, clock, entropy};
  DeliveryQueue queue{*catalogue.database, clock, entropy};
  HeldSender sender;

  Webhook hook(const std::string& host) {
    return create_webhook(ringing_services, {}, admin, {WebhookUrl::parse("https://" + host + "/"), {}, {}});
  }
};

}  // namespace

TEST_CASE("Delivery worker: what is written is sent without being asked for, no more at once than may be") {
  Story story;
  std::vector<Webhook> hooks;
  for (const char* host : {"a", "b", "c", "d", "e"}) hooks.push_back(story.hook(host));
  std::atomic<int> failures = 0;
  {
    DeliveryWorker worker(story.queue, story.sender, story.bell, story.clock,
                          {.concurrent = 2, .pause = 0ms, .log = [&](const LogEvent&) { ++failures; }});
    publish(story.ringing_services, story.admin,
            (story.upload(story.admin, "1"), Registry::request("churn", {{"w.bin", "1"}})));
    REQUIRE(story.sender.wait_for(2));
    story.sender.release();
    REQUIRE(story.sender.wait_for(5));
  }
  CHECK(story.sender.most() == 2);
  CHECK(failures == 0);
}

TEST_CASE("Delivery worker: one that never gets an answer ends cleanly, and what it sent stays to be sent") {
  Story story;
  const Webhook hook = story.hook("a");
  test_webhook(story.ringing_services, story.admin, hook.id);
  {
    DeliveryWorker worker(story.queue, story.sender, story.bell, story.clock, {});
    REQUIRE(story.sender.wait_for(1));
    CHECK(worker.totals().delivered == 0);
  }
  CHECK(list_deliveries(story.services, story.admin, hook.id, {}).items.at(0).attempts.empty());
  DeliveryQueue queue(*story.catalogue.database, story.clock, story.entropy);
  CHECK(queue.take());
}

TEST_CASE("Delivery worker: what it cannot do is logged, and does not stop it") {
  // Fails the first time that it is read.
  struct Shaky final : Database {
    explicit Shaky(Database& the_inner) : inner(the_inner) {}
    void migrate() override {}
    std::uint64_t commits() const override { return inner.commits(); }
    void run_read(const std::function<void(Snapshot&)>& fn) override {
      if (!failed.exchange(true)) throw Error(Code::unavailable, "no reader is free");
      inner.read(fn);
    }
    void run_write(const std::function<void(Transaction&)>& fn) override { inner.write(fn); }
    Database& inner;
    std::atomic<bool> failed = false;
  };
  Story story;
  const Webhook hook = story.hook("a");
  Shaky shaky(*story.catalogue.database);
  DeliveryQueue queue(shaky, story.clock, story.entropy);
  std::promise<std::string> logged;
  story.sender.release();
  DeliveryWorker worker(queue, story.sender, story.bell, story.clock,
                        {.pause = 0ms, .log = [&](const LogEvent& event) { logged.set_value(event.text()); }});
  CHECK_THAT(logged.get_future().get(), Catch::Contains("no reader is free"));
  test_webhook(story.ringing_services, story.admin, hook.id);
  REQUIRE(story.sender.wait_for(1));
}
