// SPDX-License-Identifier: Apache-2.0
// Rollback returns to what the stage once admitted, and to nothing else.
#include <nlohmann/json.hpp>

#include "registry/service/explain.h"
#include "registry/service/rollback.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;

namespace {

const Name kChurn = Name::parse("churn");
const StageName kProduction = StageName::parse("production");

struct Story : World {
  Story() {
    for (const char* contents : {"one", "two", "three", "four"})
      versions.push_back(push(Kind::model, "churn", contents));
  }
  Decision back(std::optional<VersionNumber> to = std::nullopt,
                std::optional<std::int64_t> expected = std::nullopt) {
    return rollback(
        services(), admin,
        {.model = kChurn, .stage = kProduction, .to = to, .reason = "pager", .expected_revision = expected});
  }
  VersionNumber holds() { return describe_stage(services(), admin, kChurn, kProduction).version->number; }

  std::vector<Version> versions;
};

}  // namespace

TEST_CASE("Rollback: returns to the version before, needs no evidence and is recorded") {
  Story story;
  story.promote("1");
  story.promote("2");
  story.set_policy({{"stage", "production"},
                    {"rules", {{{"metric", {{"name", "auc"}, {"dataset", "holdout"}, {"at_least", 1}}}}}}},
                   (story.push(Kind::dataset, "holdout", "x"), "churn"));
  const Decision decision = story.back();
  CHECK(decision.action == DecisionAction::rollback);
  CHECK(decision.verdict == DecisionVerdict::rolled_back);
  CHECK(decision.candidate.number == 1);
  CHECK(decision.champion->number == 2);
  CHECK(decision.revision_after == 3);
  CHECK(decision.reason == "pager");
  CHECK(story.holds() == 1);
  CHECK(describe_decision(story.services(), story.admin, *decision.id) == decision);
  CHECK(story.count("SELECT COUNT(*) FROM audit WHERE action = 'rollback'") == 1);
}

TEST_CASE("Rollback: twice goes further back, never to what was rolled back") {
  Story story;
  for (const char* version : {"1", "2", "3"}) story.promote(version);
  CHECK(story.back().candidate.number == 2);
  story.promote("4");
  CHECK(story.back().candidate.number == 2);
  CHECK(story.back().candidate.number == 1);
  CHECK(error_of([&] { story.back(); }).first == Code::not_found);
  CHECK(story.holds() == 1);
}

TEST_CASE("Rollback: a named version must be one that the stage once admitted") {
  Story story;
  for (const char* version : {"1", "2", "3"}) story.promote(version);
  CHECK(story.back(1).candidate.number == 1);
  const auto [code, message] = error_of([&] { story.back(4); });
  CHECK(code == Code::not_found);
  CHECK_THAT(message, Contains("never admitted version 4"));
  CHECK(story.back(1).verdict == DecisionVerdict::already_there);
  CHECK(story.holds() == 1);
}

TEST_CASE("Rollback: a refused candidate was never admitted") {
  Story story;
  story.promote("1");
  story.set_policy({{"stage", "production"}, {"from", "staging"}, {"rules", nlohmann::json::array()}});
  CHECK_FALSE(story.promote("2").changed);
  CHECK(error_of([&] { story.back(2); }).first == Code::not_found);
  CHECK(error_of([&] { story.back(); }).first == Code::not_found);
}

TEST_CASE("Rollback: a stage that holds nothing has nothing to return to") {
  Story story;
  CHECK(error_of([&] { story.back(); }).first == Code::not_found);
}

TEST_CASE("Rollback: a version whose bytes are damaged or gone is not brought back") {
  Story story;
  story.promote("1");
  story.promote("2");
  const Digest blob = story.versions[0].files[0].digest;
  story.blobs.damage(blob);
  CHECK(error_of([&] { story.back(); }).first == Code::corrupt);
  story.blobs.forget(blob);
  CHECK_THAT(error_of([&] { story.back(); }).second, Contains("cannot be brought back"));
  CHECK(story.holds() == 2);
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 2);
}

TEST_CASE("Rollback: respects the revision that the caller expects, and permissions") {
  Story story;
  story.promote("1");
  story.promote("2");
  CHECK(error_of([&] { story.back(std::nullopt, 1); }).first == Code::conflict);
  CHECK(error_of([&] {
          rollback(story.services(), story.principal("bo", Role::writer),
                   {.model = kChurn, .stage = kProduction, .to = {}, .reason = {}, .expected_revision = {}});
        }).first == Code::denied);
  CHECK(story.back(std::nullopt, 2).changed);
}

TEST_CASE("Rollback: the request says last-good or a number") {
  const auto parse = [](std::string_view body) {
    return parse_rollback_request(kChurn, kProduction, body, {});
  };
  CHECK_FALSE(parse("").to);
  CHECK_FALSE(parse(R"({"to":"last-good","reason":"pager"})").to);
  CHECK(parse(R"({"to":"3"})").to == 3);
  for (const char* bad : {R"({"to":"yesterday"})", R"({"to":"latest"})", R"({"to":3})", R"({"too":"3"})"})
    CHECK(error_of([&] { parse(bad); }).first == Code::invalid_argument);
}
