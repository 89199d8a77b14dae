// SPDX-License-Identifier: Apache-2.0
// Webhooks of the built program, sent to receivers on this machine.
#include <nlohmann/json.hpp>

#include "registry/client/session.h"
#include "registry/events/signature.h"
#include "tests/e2e/registry.h"
#include "tests/support/catch.h"
#include "tests/support/receiver.h"

namespace assay::test {
namespace {

using Catch::Matchers::Contains;

// A server that may send to loopback, and a model to promote.
struct Story : Registry {
  Receiver receiver;

  Story() {
    restart_allowing("127.0.0.1");
  }
  void restart_allowing(const std::string& receiver_allowed) {
    stop();
    serve_options = {"--webhook-allow", receiver_allowed};
    start();
  }
  nlohmann::json hook(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"webhook", "create", "--url", receiver.url()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return json(arguments);
  }
  // Another version each time.
  void push() {
    write("weights.bin", "weights " + std::to_string(++pushed_));
    expect(0, {"push", "model", "churn", "weights.bin"});
  }
  // The deliveries of a webhook, once there are so many and the newest is settled.
  nlohmann::json deliveries(const std::string& webhook, std::size_t count) {
    for (;;) {
      auto items = json({"webhook", "deliveries", webhook});
      if (items.size() >= count && items[0]["status"] != "due") return items;
    }
  }

 private:
  int pushed_ = 0;
};

void check_signature(const Received& got, const std::string& secret) {
  const std::int64_t timestamp = std::stoll(got.fields.at("webhook-timestamp"));
  CHECK(got.fields.at("webhook-signature") ==
        webhook_signature(secret, got.fields.at("webhook-id"), timestamp, got.body));
}

}  // namespace

TEST_CASE("Webhooks: a promotion and a refusal reach the receiver, signed, in order, with ids of their own") {
  Story story;
  const auto hook = story.hook({"--event", "stage.*"});
  story.push();
  story.expect(0, {"promote", "churn@1", "--to", "production"});
  story.write("gate.yaml", "stage: production\nrules:\n  - metric: {name: roc_auc, dataset: d@1, at_least: 0.9}\n");
  story.write("d.csv", "a,b\n1,2\n");
  story.expect(0, {"push", "dataset", "d", "d.csv"});
  story.expect(0, {"policy", "set", "churn", "gate.yaml"});
  story.push();
  story.expect(11, {"promote", "churn@2", "--to", "production"});
  const auto got = story.receiver.wait_for(2);
  const auto promoted = nlohmann::json::parse(got[0].body), refused = nlohmann::json::parse(got[1].body);
  CHECK(promoted["type"] == "io.assay.stage.promoted");
  CHECK(promoted["specversion"] == "1.0");
  CHECK(promoted["subject"] == "models/default/churn/stages/production");
  CHECK(promoted["data"]["version"]["number"] == 1);
  CHECK(refused["type"] == "io.assay.stage.missing_evidence");
  CHECK(got[0].fields.at("webhook-id") == promoted["id"]);
  CHECK(got[0].fields.at("webhook-id") != got[1].fields.at("webhook-id"));
  for (const Received& one : got) check_signature(one, hook["secret"]);
  const auto items = story.deliveries(hook["id"], 2);
  CHECK(items.size() == 2);
  CHECK(items[0]["attempts"][0]["http_status"] == 200);
  client::Session session({client::Endpoint::parse(story.url()), story.admin_token(), {}, {}});
  client::Call metrics;
  metrics.method = "GET";
  metrics.target = "/metrics";
  CHECK_THAT(session.call(metrics, "reading the metrics").body, Contains("\nassay_webhooks_delivered_total 2\n"));
}

TEST_CASE("Webhooks: after a failure the same event comes again by itself, and on request") {
  Story story;
  const std::string hook = story.hook({"--event", "version.published"})["id"];
  story.receiver.next(Receiver::answer("500 Internal Server Error"));
  story.push();
  const auto got = story.receiver.wait_for(2);  // ten seconds apart
  CHECK(got[0].fields.at("webhook-id") == got[1].fields.at("webhook-id"));
  CHECK(std::stoll(got[1].fields.at("webhook-timestamp")) - std::stoll(got[0].fields.at("webhook-timestamp")) >= 9);
  const auto delivery = story.deliveries(hook, 1)[0];
  CHECK(delivery["attempts"][0]["error"] == "the receiver answered 500");
  CHECK_THAT(story.expect(0, {"webhook", "redeliver", delivery["id"]}).out, Contains("delivered"));
  CHECK(story.receiver.wait_for(3)[2].fields.at("webhook-id") == got[0].fields.at("webhook-id"));
  CHECK_THAT(story.expect(0, {"webhook", "deliveries", hook}).out,
             Contains("io.assay.version.published") && Contains("again") && Contains("delivered"));
}

TEST_CASE("Webhooks: what the server was sending when it was killed is sent again when it is back") {
  Story story;
  const auto hook = story.hook();
  story.receiver.next(Receiver::silence());
  story.push();
  story.receiver.wait_for(1);
  story.kill();
  story.start();
  const auto got = story.receiver.wait_for(2);
  CHECK(got[0].body == got[1].body);
  CHECK(got[0].fields.at("webhook-id") == got[1].fields.at("webhook-id"));
  story.receiver.next(Receiver::silence());
  story.push();
  story.receiver.wait_for(3);
  CHECK(story.stop() == 0);  // and one that never answers does not hold a stop up
}

TEST_CASE("Webhooks: the command tries a receiver out, and says what is wrong with it") {
  Story story;
  const std::string hook = story.hook()["id"];
  CHECK_THAT(story.expect(0, {"webhook", "test", hook}).out, Contains("delivered") && Contains("200"));
  CHECK(nlohmann::json::parse(story.receiver.wait_for(1)[0].body)["type"] == "io.assay.webhook.test");
  Receiver elsewhere;
  story.receiver.next(Receiver::answer("302 Found\r\nLocation: " + elsewhere.url()));
  CHECK_THAT(story.expect(10, {"webhook", "test", hook}).out, Contains("dead") && Contains("answered 302"));
  CHECK(elsewhere.received().empty());
  story.receiver.next(Receiver::answer("410 Gone"));
  story.expect(10, {"webhook", "test", hook});
  CHECK_THAT(story.expect(0, {"webhook", "show", hook}).out, Contains("410 Gone"));
  CHECK_THAT(story.expect(30, {"webhook", "test", hook}).err, Contains("delete it"));
  CHECK_THAT(story.expect(0, {"webhook", "ls"}).out, Contains(hook) && Contains(story.receiver.url()));
  story.expect(0, {"webhook", "delete", hook});
  CHECK_THAT(story.expect(0, {"webhook", "ls"}).out, Contains("nobody is told"));
  story.expect(60, {"webhook", "show", hook});
  story.expect(60, {"webhook", "test", hook});
}

TEST_CASE("Webhooks: nothing is sent where the operator did not allow it, now or any more") {
  Story story;
  const std::string hook = story.hook()["id"];
  story.restart_allowing("hooks.internal");
  for (const char* url : {"http://127.0.0.1:1/", "https://127.0.0.1:1/", "https://[::1]/",
                          "https://169.254.169.254/latest", "http://example.org/", "ftp://example.org/", "https://u@example.org/"})
    CHECK_THAT(story.expect(60, {"webhook", "create", "--url", url}).err,
               Contains("https") || Contains("--webhook-allow"));
  CHECK_THAT(story.expect(10, {"webhook", "test", hook}).out, Contains("loopback") && Contains("--webhook-allow"));
  CHECK(story.receiver.received().empty());
  const auto named = story.json({"webhook", "create", "--url", "https://localhost:1/"});
  CHECK_THAT(story.expect(10, {"webhook", "test", named["id"]}).out, Contains("loopback"));
  CHECK_THAT(story.expect(60, {"webhook", "create", "--url", "https://example.org/", "--event", "stage.promote"}).err,
             Contains("did you mean"));
  story.write("writer.token", story.expect(0, {"token", "create", "--role", "writer"}).out);
  story.expect(50, {"webhook", "ls", "--token-file", "writer.token"});
}

}  // namespace assay::test
