// SPDX-License-Identifier: Apache-2.0
// Requests that come twice under one Idempotency-Key: done once, answered alike, whatever they record.
#include "registry/service/request_key.h"

#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "registry/service/delete_version.h"
#include "registry/service/libraries.h"
#include "registry/service/publish.h"
#include "registry/service/record_evidence.h"
#include "registry/service/record_run.h"
#include "registry/service/rollback.h"
#include "registry/service/upload.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

constexpr int kThreads = 16;

const Name kChurn = Name::parse("churn");
const StageName kProduction = StageName::parse("production");

RequestKey key_of(std::string_view operation, std::string_view body = "",
                  std::optional<std::string_view> if_match = std::nullopt) {
  return parse_request_key("once", operation, body, if_match);
}

struct Story : World {
  Version one = push(Kind::model, "churn", "first");
  Version two = push(Kind::model, "churn", "second");
  Version holdout = push(Kind::dataset, "holdout", "a,b\n1,2\n");

  static PromoteRequest to(VersionNumber number, std::optional<std::int64_t> expected = std::nullopt) {
    return {
        .model = kChurn, .stage = kProduction, .version = Selector(number), .expected_revision = expected};
  }
  Decision promote(const PromoteRequest& request, RequestKey key) {
    return assay::promote(services(), admin, request, &key);
  }
  std::string run_draft() const {
    return json{
        {"kind", "train"},
        {"plugin",
         {{"name", "gbt"}, {"version", "1.0.0"}, {"digest", Digest::of("gbt").text()}, {"component", "gbt"}}},
        {"config", json::object()},
        {"seed", 1}}
        .dump();
  }
  PublishRequest third() {
    Upload upload(services(), admin, {});
    upload.write(std::as_bytes(std::span(std::string_view("third"))));
    const BlobInfo blob = upload.finish();
    PublishRequest out{
        .kind = Kind::model, .name = kChurn, .files = {}, .labels = {}, .profile = {}, .run_id = {}};
    out.files.push_back({FilePath::parse("data.csv"), blob.digest, blob.size, {}});
    return out;
  }
  std::int64_t decisions() { return count("SELECT COUNT(*) FROM decisions"); }
  std::int64_t audited(const std::string& action) {
    return count("SELECT COUNT(*) FROM audit WHERE action = '" + action + "'");
  }
};

// What `ask` answers when it is asked twice, and by many at once: always the same, of which exactly one is
// not a repeat.
template <class Ask>
void check_once(const RequestKey& key, Ask ask) {
  std::vector<std::string> answers(kThreads);
  std::atomic<int> first = 0;
  std::vector<std::thread> threads;
  for (std::string& answer : answers)
    threads.emplace_back([&] {
      RequestKey mine = key;
      try {
        answer = ask(&mine);
      } catch (const Error& error) {
        answer = "failed: " + error.message();
      }
      if (!mine.replayed) ++first;
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(first == 1);
  CHECK(std::set<std::string>(answers.begin(), answers.end()).size() == 1);
  CHECK_THAT(answers[0], !Catch::Matchers::StartsWith("failed"));
  RequestKey again = key;
  CHECK(ask(&again) == answers[0]);
  CHECK(again.replayed);
}

}  // namespace

TEST_CASE("RequestKey: a promotion that comes again gets its first answer, whatever happened meanwhile") {
  Story story;
  const RequestKey key = key_of("promote", R"({"version":"1"})", "\"0\"");
  const Decision first = story.promote(Story::to(1, 0), key);
  CHECK(first.changed);
  CHECK(story.promote(Story::to(1, 0), key) == first);
  story.World::promote("2");
  CHECK(story.promote(Story::to(1, 0), key) == first);
  CHECK(story.decisions() == 2);
  CHECK(story.audited("promote") == 2);
  CHECK(story.count("SELECT number FROM stages") == 2);
}

TEST_CASE("RequestKey: a refusal comes again as it was, though the evidence is there by now") {
  Story story;
  story.set_policy({{"stage", "production"},
                    {"rules", {{{"metric", {{"name", "auc"}, {"dataset", "holdout"}, {"at_least", 0.6}}}}}}});
  const RequestKey key = key_of("promote");
  const Decision refused = story.promote(Story::to(1), key);
  CHECK_FALSE(refused.changed);
  story.report(evaluation(story.one.digest, story.holdout.digest, {metric("auc", 0.9)}));
  CHECK(story.promote(Story::to(1), key) == refused);
  CHECK(story.World::promote("1").changed);
}

TEST_CASE("RequestKey: another request under the same key is refused and records nothing") {
  Story story;
  story.promote(Story::to(1), key_of("POST /a:promote", R"({"version":"1"})"));
  for (const RequestKey& other :
       {key_of("POST /a:promote", R"({"version":"2"})"), key_of("POST /b:promote", R"({"version":"1"})"),
        key_of("POST /a:promote", R"({"version":"1"})", "\"1\""), key_of("POST /a:promote")}) {
    const auto [code, message] = error_of([&] { story.promote(Story::to(2), other); });
    CHECK(code == Code::unsupported);
    CHECK_THAT(message, Contains("\"once\"") && Contains("POST /a:promote at 2026-11-21"));
  }
  CHECK(story.decisions() == 1);
}

TEST_CASE("RequestKey: the same key of somebody else is another one") {
  Story story;
  story.promote(Story::to(1), key_of("promote", R"({"version":"1"})"));
  RequestKey key = key_of("promote", R"({"version":"2"})");
  CHECK(promote(story.services(), story.principal("bo", Role::promoter), Story::to(2), &key).changed);
  CHECK_FALSE(key.replayed);
}

TEST_CASE("RequestKey: an error keeps no key, nor does a dry run") {
  Story story;
  const RequestKey key = key_of("promote", R"({"version":"2"})", "\"1\"");
  CHECK(error_of([&] { story.promote(Story::to(2, 1), key); }).first == Code::conflict);
  story.World::promote("1");
  PromoteRequest dry = Story::to(2, 1);
  dry.dry_run = true;
  CHECK(story.promote(dry, key_of("promote", R"({"dry_run":true})")).dry_run);
  CHECK(story.promote(Story::to(2, 1), key).changed);
}

TEST_CASE("RequestKey: a permission that is gone is not given back by a key") {
  Story story;
  Principal bo = story.principal("bo", Role::promoter);
  RequestKey key = key_of("promote");
  promote(story.services(), bo, Story::to(1), &key);
  bo.grants[0].role = Role::reader;
  CHECK(error_of([&] { promote(story.services(), bo, Story::to(1), &key); }).first == Code::denied);
}

TEST_CASE("RequestKey: key and record are written together or not at all") {
  Story story;
  story.database->write([](Transaction& transaction) {
    transaction.execute(
        "CREATE TRIGGER fault AFTER INSERT ON request_keys BEGIN SELECT RAISE(ABORT, 'fault'); END");
  });
  CHECK_THAT(error_of([&] { story.promote(Story::to(1), key_of("promote")); }).second, Contains("fault"));
  CHECK(story.decisions() == 0);
  CHECK(story.audited("promote") == 0);
  CHECK(story.count("SELECT COUNT(*) FROM stages WHERE revision > 0") == 0);
  story.database->write([](Transaction& transaction) { transaction.execute("DROP TRIGGER fault"); });
  CHECK(story.promote(Story::to(1), key_of("promote")).changed);
}

TEST_CASE("RequestKey: after a day it may be used anew, for anything") {
  Story story;
  const Decision first = story.promote(Story::to(1), key_of("promote", R"({"version":"1"})"));
  story.clock.advance(kRequestKeyLife);
  CHECK(story.promote(Story::to(1), key_of("promote", R"({"version":"1"})")) == first);
  story.clock.advance(std::chrono::milliseconds(1));
  const RequestKey key = key_of("promote", R"({"version":"2"})");
  const Decision second = story.promote(Story::to(2), key);
  CHECK(second.changed);
  CHECK(story.promote(Story::to(2), key) == second);
  CHECK(story.count("SELECT COUNT(*) FROM request_keys") == 1);
}

TEST_CASE("RequestKey: of many that race under one key one is decided, and all learn the same") {
  Story story;
  check_once(key_of("promote"), [&](RequestKey* key) {
    return json(promote(story.services(), story.admin, Story::to(1, 0), key)).dump();
  });
  CHECK(story.decisions() == 1);
  CHECK(story.audited("promote") == 1);
}

TEST_CASE("RequestKey: a rollback is done once") {
  Story story;
  story.World::promote("1");
  story.World::promote("2");
  check_once(key_of("rollback"), [&](RequestKey* key) {
    return json(rollback(story.services(), story.admin,
                         {.model = kChurn,
                          .stage = kProduction,
                          .to = {},
                          .reason = "pager",
                          .expected_revision = 2},
                         key))
        .dump();
  });
  CHECK(story.decisions() == 3);
  CHECK(story.audited("rollback") == 1);
}

TEST_CASE("RequestKey: evidence is recorded once") {
  Story story;
  const std::string body = evaluation(story.one.digest, story.holdout.digest, {metric("auc", 0.9)}).dump();
  check_once(key_of("evidence", body), [&](RequestKey* key) {
    return json(record_evidence(story.services(), story.admin, body, key)).dump();
  });
  CHECK(story.count("SELECT COUNT(*) FROM evidence") == 1);
  CHECK(story.audited("record_evidence") == 1);
}

TEST_CASE("RequestKey: a run starts once and ends once") {
  Story story;
  std::optional<Id> id;
  std::mutex mutex;
  check_once(key_of("start"), [&](RequestKey* key) {
    const Run run = start_run(story.services(), story.admin, story.run_draft(), key);
    const std::lock_guard lock(mutex);
    id = run.id;
    return json(run).dump();
  });
  CHECK(story.count("SELECT COUNT(*) FROM runs") == 1);
  CHECK(story.audited("start_run") == 1);
  const RequestKey key = parse_request_key("end", "finish", "", {});
  check_once(key, [&](RequestKey* end) {
    return json(finish_run(story.services(), story.admin, *id, R"({"status":"finished"})", end)).dump();
  });
  CHECK(story.audited("finish_run") == 1);
  CHECK(error_of([&] { finish_run(story.services(), story.admin, *id, R"({"status":"finished"})"); }).first ==
        Code::conflict);
}

TEST_CASE("RequestKey: a version is published once, and a repeat does not bring it back when it is deleted") {
  Story story;
  const PublishRequest request = story.third();
  const RequestKey key = key_of("publish");
  check_once(key, [&](RequestKey* mine) {
    const Publication made = publish(story.services(), story.admin, request, mine);
    return json(made.version).dump() + (made.created ? " made" : "");
  });
  CHECK(story.count("SELECT MAX(number) FROM versions") == 3);
  CHECK(story.audited("publish") == 4);  // with the story's own three
  delete_version(story.services(), story.admin, Kind::model, kChurn, Selector(3));
  RequestKey late = key;
  CHECK(error_of([&] { publish(story.services(), story.admin, request, &late); }).first == Code::not_found);
  CHECK(story.count("SELECT MAX(number) FROM versions") == 3);
}

TEST_CASE("RequestKey: a publication that makes nothing keeps no key") {
  Story story;
  PublishRequest request = story.third();
  request.if_changed = true;
  publish(story.services(), story.admin, request);
  RequestKey key = key_of("publish");
  for (int i = 0; i < 2; ++i) {
    CHECK_FALSE(publish(story.services(), story.admin, request, &key).created);
    CHECK_FALSE(key.replayed);
  }
  CHECK(story.count("SELECT COUNT(*) FROM request_keys") == 0);
}

TEST_CASE("RequestKey: a library is revoked once") {
  Story story;
  check_once(key_of("revoke"), [&](RequestKey* key) {
    return revoke_library(story.services(), story.admin, Digest::of("gbt"), R"({"reason":"wrong"})", key)
        .dump();
  });
  CHECK(story.count("SELECT COUNT(*) FROM revocations") == 1);
  CHECK(story.audited("revoke_library") == 1);
}

TEST_CASE("RequestKey: equal requests may be written differently, and keys are short and printable") {
  CHECK(key_of("x", R"({"a":1,"b":[2]})").fingerprint == key_of("x", "{ \"b\": [2], \"a\": 1 }").fingerprint);
  CHECK(key_of("x", R"({"a":1})").fingerprint != key_of("x", R"({"a":2})").fingerprint);
  CHECK(key_of("x", "", "\"1\"").fingerprint != key_of("x", "\"1\"").fingerprint);
  CHECK(parse_request_key(std::string(128, '~'), "x", "", {}).text.size() == 128);
  for (const std::string& bad : {std::string(), std::string(129, 'a'), std::string("a\tb"), std::string("ü"),
                                 std::string("a\0b", 3), std::string("\x7F")})
    CHECK(error_of([&] { parse_request_key(bad, "x", "", {}); }).first == Code::invalid_argument);
}
