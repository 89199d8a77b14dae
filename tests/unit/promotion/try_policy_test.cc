// SPDX-License-Identifier: Apache-2.0
// A policy before it is set: it says of now what promoting would, and of the past what it would have said then.
#include "registry/service/try_policy.h"

#include <nlohmann/json.hpp>

#include "registry/service/libraries.h"
#include "registry/service/policy.h"
#include "registry/service/rollback.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

const Name kChurn = Name::parse("churn");
const StageName kProduction = StageName::parse("production");

struct Story : World {
  Story() {
    for (const char* contents : {"one", "two", "three"}) models.push_back(push(Kind::model, "churn", contents));
  }
  void evaluate(std::size_t number, double auc) {
    clock.advance(1h);
    report(evaluation(models[number - 1].digest, holdout.digest, {metric("roc_auc", auc)}));
  }
  Decision move(const char* version) {
    clock.advance(1h);
    return promote(version);
  }
  json policy(const JsonRows& rules) const { return {{"stage", "production"}, {"rules", rules}}; }
  Decision test(const JsonRows& rules, const char* version) {
    const json body = {{"policy", policy(rules)}, {"version", version}};
    return test_policy(services(), admin, kChurn, parse_policy_trial(kProduction, body.dump()));
  }
  std::vector<Retrial> backtest(const JsonRows& rules, int last = 50) {
    const json body = {{"policy", policy(rules)}, {"last", last}};
    return backtest_policy(services(), admin, kChurn, parse_policy_backtest(kProduction, body.dump()));
  }

  Version holdout = push(Kind::dataset, "holdout", "a,b\n1,2\n");
  std::vector<Version> models;
};

json at_least(double bound) {
  return {{"metric", {{"name", "roc_auc"}, {"dataset", "holdout@1"}, {"at_least", bound}}}};
}
json margin(double by) {
  return {{"champion", {{"name", "roc_auc"}, {"dataset", "holdout@1"}, {"margin", by}}}};
}

}  // namespace

TEST_CASE("Policy test: says what promoting by it would, and writes nothing") {
  Story story;
  story.evaluate(1, 0.7);
  story.evaluate(2, 0.6);
  story.move("1");
  const auto rows = story.count("SELECT count(*) FROM decisions") + story.count("SELECT count(*) FROM policies") +
                    story.count("SELECT count(*) FROM audit");
  const Decision refused = story.test({margin(0)}, "2");
  CHECK(refused.verdict == DecisionVerdict::refused);
  CHECK(refused.dry_run);
  CHECK(story.test({margin(-0.2)}, "2").verdict == DecisionVerdict::promoted);
  CHECK(story.test({at_least(0.1)}, "3").verdict == DecisionVerdict::missing_evidence);
  CHECK(story.count("SELECT count(*) FROM decisions") + story.count("SELECT count(*) FROM policies") +
            story.count("SELECT count(*) FROM audit") ==
        rows);
  story.set_policy(story.policy({margin(0)}));
  const Decision real = story.move("2");
  CHECK(real.rules[0].candidate == refused.rules[0].candidate);
  CHECK(real.rules[0].evidence == refused.rules[0].evidence);
  CHECK(real.policy_digest == refused.policy_digest);
}

TEST_CASE("Policy test: another stage's policy, an unknown rule and a dataset that may not be read are refused") {
  Story story;
  const json staging = {{"policy", {{"stage", "staging"}, {"rules", json::array()}}}, {"version", "1"}};
  CHECK(error_of([&] {
          test_policy(story.services(), story.admin, kChurn, parse_policy_trial(kProduction, staging.dump()));
        }).first == Code::invalid_argument);
  CHECK_THAT(error_of([&] { story.test({{{"metrics", json::object()}}}, "1"); }).second, Contains("did you mean"));
  CHECK(error_of([&] { story.backtest({}, 0); }).first == Code::invalid_argument);
  CHECK(error_of([&] { story.backtest({}, kMaxRetrials + 1); }).first == Code::invalid_argument);
  const Principal stranger = story.principal("bo", Role::reader, "acme");
  const json body = {{"policy", story.policy({at_least(0)})}, {"version", "1"}};
  CHECK(error_of([&] {
          test_policy(story.services(), stranger, kChurn, parse_policy_trial(kProduction, body.dump()));
        }).first == Code::denied);
}

TEST_CASE("Policy backtest: each promotion is judged by what was known at its time") {
  Story story;
  story.evaluate(1, 0.7);
  story.move("1");
  story.evaluate(2, 0.72);
  story.move("2");
  story.evaluate(2, 0.95);  // measured again later: not known then
  story.evaluate(3, 0.75);
  story.move("3");
  story.clock.advance(1h);
  rollback(story.services(), story.admin, parse_rollback_request(kChurn, kProduction, "{}", {}));
  story.move("2");  // there already: nothing was judged

  const auto loose = story.backtest({at_least(0.5)});
  REQUIRE(loose.size() == 3);  // the rollback is none
  for (const Retrial& each : loose) CHECK_FALSE(each.differs());

  const auto strict = story.backtest({at_least(0.71), margin(0.01)});
  REQUIRE(strict.size() == 3);
  CHECK(strict[0].was.candidate.number == 3);
  CHECK(strict[0].differs());  // against 0.95 of the champion, which was known by then
  CHECK(strict[0].would.rules[1].champion == 0.95);
  CHECK_FALSE(strict[1].differs());
  CHECK(strict[1].would.rules[0].candidate == 0.72);
  CHECK(strict[2].differs());  // 0.7 is below 0.71
  CHECK(story.backtest({at_least(0.71)}, 1).size() == 1);
  const json answer = backtest_answer(strict);
  CHECK(answer["differing"] == 2);
  CHECK(answer["items"][0]["would"]["verdict"] == "refused");
}

TEST_CASE("Policy backtest: a plugin that was revoked later had not been revoked then") {
  Story story;
  story.evaluate(1, 0.7);
  story.move("1");
  story.clock.advance(1h);
  revoke_library(story.services(), story.admin, Digest::of("classification"), R"({"reason": "wrong"})");
  story.move("2");
  const auto trials = story.backtest({at_least(0.5)});
  REQUIRE(trials.size() == 2);
  CHECK(trials[0].would.verdict == DecisionVerdict::missing_evidence);
  CHECK(trials[1].would.verdict == DecisionVerdict::promoted);
  CHECK(story.test({at_least(0.5)}, "1").verdict == DecisionVerdict::missing_evidence);
}

TEST_CASE("Policy backtest: the stage that a version came from is the one of that time") {
  Story story;
  story.promote("1", "staging");
  story.move("1");
  story.clock.advance(1h);
  story.promote("2", "staging");
  story.move("3");
  const json from = {{"stage", "production"}, {"from", "staging"}, {"rules", json::array()}};
  const json body = {{"policy", from}};
  const auto trials =
      backtest_policy(story.services(), story.admin, kChurn, parse_policy_backtest(kProduction, body.dump()));
  REQUIRE(trials.size() == 2);
  CHECK(trials[0].would.verdict == DecisionVerdict::refused);
  CHECK(trials[1].would.verdict == DecisionVerdict::promoted);
}
