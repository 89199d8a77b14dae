// SPDX-License-Identifier: Apache-2.0
// What a stage held at any time, from history.
#include <nlohmann/json.hpp>

#include "registry/service/explain.h"
#include "registry/service/rollback.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const Name kChurn = Name::parse("churn");
const StageName kProduction = StageName::parse("production");

struct Story : World {
  Story() {
    for (const char* contents : {"one", "two", "three"}) push(Kind::model, "churn", contents);
  }
  StageAt at(Time time) { return explain(services(), admin, kChurn, kProduction, time); }
};

}  // namespace

TEST_CASE("Explain: answers what the stage held, since when, by whom and why, across several moves") {
  Story story;
  const Time start = story.clock.now();
  story.clock.advance(1h);
  const Decision first = story.promote("1");
  story.clock.advance(1h);
  const Policy policy = story.set_policy({{"stage", "production"}, {"rules", json::array()}});
  const Decision second = story.promote("2");
  story.clock.advance(1h);
  const Decision back =
      rollback(story.services(), story.admin,
               {.model = kChurn, .stage = kProduction, .to = {}, .reason = "", .expected_revision = {}});
  CHECK_FALSE(story.at(start).stage.version);
  CHECK_FALSE(story.at(start).decision);
  CHECK(story.at(start).stage.revision == 0);
  CHECK_FALSE(story.at(first.at - 1ms).decision);
  CHECK(story.at(first.at).decision == first);
  CHECK_FALSE(story.at(first.at).stage.policy_digest);
  CHECK(story.at(second.at - 1ms).stage.version->number == 1);
  CHECK(story.at(second.at).stage.version->number == 2);
  CHECK(story.at(second.at).stage.policy_digest == policy.digest());
  CHECK(story.at(back.at).decision == back);
  CHECK(story.at(back.at + 24h).stage.revision == 3);
  CHECK(story.at(back.at).stage == describe_stage(story.services(), story.admin, kChurn, kProduction));
  const json shown = story.at(first.at);
  CHECK(shown.at("decision").at("id") == first.id->text());
  CHECK(shown.at("version").at("number") == 1);
}

TEST_CASE("Explain: refused attempts are history, and not what the stage held") {
  Story story;
  story.promote("1");
  story.set_policy({{"stage", "production"}, {"from", "staging"}, {"rules", json::array()}});
  story.clock.advance(1h);
  CHECK_FALSE(story.promote("2").changed);
  CHECK(story.at(story.clock.now()).stage.version->number == 1);
  CHECK(stage_history(story.services(), story.admin, kChurn, kProduction, {}).items.size() == 2);
}

TEST_CASE("Explain: a clock that was set back does not reorder a stage's moves") {
  Story story;
  const Decision first = story.promote("1");
  story.clock.advance(-1h);
  const Decision second = story.promote("2");
  CHECK(second.at == first.at);
  CHECK(story.at(first.at).stage.version->number == 2);
}

TEST_CASE("Explain: history comes in pages, newest first") {
  Story story;
  for (const char* version : {"1", "2", "3", "1", "2"}) story.promote(version);
  std::vector<std::int64_t> revisions;
  PageRequest page{.cursor = {}, .limit = 2};
  do {
    const auto part = stage_history(story.services(), story.admin, kChurn, kProduction, page);
    for (const Decision& decision : part.items) revisions.push_back(decision.revision_after);
    page.cursor = part.next_cursor;
  } while (page.cursor);
  CHECK(revisions == std::vector<std::int64_t>{5, 4, 3, 2, 1});
  page.cursor = "00";
  CHECK(error_of([&] { stage_history(story.services(), story.admin, kChurn, kProduction, page); }).first ==
        Code::invalid_argument);
}

TEST_CASE("Explain: an unknown model, stage or decision is not found, with the nearest name") {
  Story story;
  story.promote("1");
  const auto stage =
      error_of([&] { describe_stage(story.services(), story.admin, kChurn, StageName::parse("prodution")); });
  CHECK(stage.first == Code::not_found);
  CHECK_THAT(stage.second, Catch::Matchers::Contains("did you mean \"production\""));
  CHECK(error_of([&] { list_stages(story.services(), story.admin, Name::parse("chrn")); }).first ==
        Code::not_found);
  CHECK(list_stages(story.services(), story.admin, kChurn).size() == 1);
  CHECK(error_of([&] {
          describe_decision(story.services(), story.admin, new_id(story.clock, story.entropy));
        }).first == Code::not_found);
}

TEST_CASE("Explain: a decision of a namespace that the caller may not read does not exist for it") {
  Story story;
  const Decision decision = story.promote("1");
  CHECK(error_of([&] {
          describe_decision(story.services(), story.principal("eve", Role::admin, "evil"), *decision.id);
        }).first == Code::not_found);
}
