// SPDX-License-Identifier: Apache-2.0
// Promotion through the service: what is judged, what is written, and that nothing is when it must not be.
#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "registry/domain/plan.h"
#include "registry/service/explain.h"
#include "registry/service/libraries.h"
#include "registry/service/policy.h"
#include "registry/service/promote_batch.h"
#include "registry/service/stage_move.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

const Name kChurn = Name::parse("churn");
const StageName kProduction = StageName::parse("production");

json policy(const JsonRows& rules) {
  return {{"stage", "production"}, {"rules", rules}};
}

struct Story : World {
  Version one = push(Kind::model, "churn", "first");
  Version two = push(Kind::model, "churn", "second");
  Version holdout = push(Kind::dataset, "holdout", "a,b\n1,2\n");

  void evaluate(const Version& model, double auc) {
    report(evaluation(model.digest, holdout.digest, {metric("roc_auc", auc)}));
  }
  void gate() {
    set_policy(policy({{{"metric", {{"name", "roc_auc"}, {"dataset", "holdout"}, {"at_least", 0.6}}}},
                       {{"champion", {{"name", "roc_auc"}, {"dataset", "holdout@1"}, {"margin", 0.01}}}}}));
  }
  Stage stage() { return describe_stage(services(), admin, kChurn, kProduction); }
};

}  // namespace

TEST_CASE("Promote: a stage without a policy takes any version and says that nothing was checked") {
  Story story;
  const Decision decision = story.promote("1");
  CHECK(decision.verdict == DecisionVerdict::promoted);
  CHECK_THAT(decision.summary, Contains("nothing was checked"));
  CHECK_FALSE(decision.policy_digest);
  CHECK(decision.revision_before == 0);
  CHECK(decision.revision_after == 1);
  const Stage stage = story.stage();
  CHECK(stage.version->number == 1);
  CHECK(stage.version->digest == story.one.digest);
  CHECK(stage.revision == 1);
  CHECK(stage.decision_id == decision.id);
  CHECK(stage_from_json(json(stage)) == stage);
}

TEST_CASE("Promote: a plan is what happens, or nothing is") {
  Story story;
  story.gate();
  story.evaluate(story.one, 0.7);
  story.evaluate(story.two, 0.75);
  const auto by_plan = [&](const Decision& plan, const char* version) {
    PromoteRequest request{kChurn, kProduction, Selector::parse(version)};
    request.plan = plan_digest(plan);
    return promote(story.services(), story.admin, request);
  };
  const Decision first = story.promote("1", "production", true);
  story.clock.advance(std::chrono::hours(1));
  CHECK(plan_digest(story.promote("1", "production", true)) == plan_digest(first));
  CHECK(by_plan(first, "1").changed);
  CHECK_FALSE(by_plan(first, "1").changed);  // asked again: already there

  const auto outdated = [&](const Decision& plan) {
    const auto rows = story.count("SELECT count(*) FROM decisions");
    const auto [code, message] = error_of([&] { by_plan(plan, "2"); });
    CHECK(code == Code::conflict);
    CHECK_THAT(message, Contains("out of date"));
    CHECK(story.stage().version->number == 1);
    CHECK(story.count("SELECT count(*) FROM decisions") == rows);
  };
  const Decision before_evidence = story.promote("2", "production", true);
  story.evaluate(story.two, 0.76);
  outdated(before_evidence);
  const Decision before_policy = story.promote("2", "production", true);
  story.set_policy(policy({{{"metric", {{"name", "roc_auc"}, {"dataset", "holdout"}, {"at_least", 0.5}}}}}));
  outdated(before_policy);
  outdated(story.promote("1", "production", true));  // another version
  const Decision plan = story.promote("2", "production", true);
  CHECK(by_plan(plan, "2").changed);
  story.evaluate(story.one, 0.9);
  CHECK(story.promote("1").changed);
  outdated(plan);  // the stage moved: the plan was for another revision
}

TEST_CASE("Promote: what a revoked plugin measured does not count, until it is reinstated") {
  Story story;
  story.gate();
  story.evaluate(story.one, 0.7);
  const Digest library = Digest::of("classification");
  revoke_library(story.services(), story.admin, library, R"({"reason": "counts ties twice"})");
  const Decision refused = story.promote("1");
  CHECK(refused.verdict == DecisionVerdict::missing_evidence);
  CHECK_THAT(refused.rules[0].explanation, Contains("counts ties twice"));
  reinstate_library(story.services(), story.admin, library, R"({"reason": "checked again"})");
  CHECK(story.promote("1").changed);
}

TEST_CASE("Promote: a stage that a wrong clock moved is judged by the right one") {
  Story story;
  story.set_policy(policy({{{"metric", {{"name", "roc_auc"}, {"dataset", "holdout"}, {"at_least", 0.5}}}},
                           {{"evidence", {{"max_age", "30d"}}}}}));
  constexpr auto kYears = std::chrono::hours(24 * 365 * 70);
  story.clock.advance(kYears);
  story.evaluate(story.one, 0.7);
  const Decision far = story.promote("1");
  CHECK(far.changed);
  story.clock.advance(-kYears);
  story.evaluate(story.two, 0.7);
  const Decision now = story.promote("2");
  CHECK(now.changed);
  CHECK(now.at >= far.at);  // the history stays in order
}

TEST_CASE("Promote: the gate admits the better model, with every code of the table on the way") {
  Story story;
  story.gate();
  CHECK(exit_code(story.promote("1").verdict) == 11);
  story.evaluate(story.one, 0.5);
  CHECK(exit_code(story.promote("1").verdict) == 10);
  story.evaluate(story.one, 0.7);
  CHECK(exit_code(story.promote("1").verdict) == 0);
  CHECK(story.promote("1").verdict == DecisionVerdict::already_there);
  json unlike = evaluation(story.two.digest, story.holdout.digest, {metric("roc_auc", 0.9)});
  unlike["seed"] = 8;
  story.report(unlike);
  CHECK(exit_code(story.promote("2").verdict) == 12);
  story.evaluate(story.two, 0.9);
  const Decision better = story.promote("2");
  CHECK(better.verdict == DecisionVerdict::promoted);
  CHECK(better.champion->number == 1);
  CHECK(better.rules[1].champion == 0.7);
  CHECK(better.policy_digest.has_value());
  CHECK(story.stage().revision == 2);
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 6);
}

TEST_CASE("Promote: already there changes nothing and succeeds") {
  Story story;
  story.promote("1");
  const Decision again = story.promote("1");
  CHECK(again.verdict == DecisionVerdict::already_there);
  CHECK_FALSE(again.changed);
  CHECK(exit_code(again.verdict) == 0);
  CHECK(again.revision_after == 1);
  CHECK(story.stage().revision == 1);
}

TEST_CASE("Promote: a refused attempt is recorded with its rules and moves nothing") {
  Story story;
  story.gate();
  const Decision refused = story.promote("1");
  CHECK_FALSE(refused.changed);
  CHECK(describe_decision(story.services(), story.admin, *refused.id) == refused);
  CHECK_FALSE(story.stage().version);
  CHECK(story.stage().revision == 0);
  const auto history = stage_history(story.services(), story.admin, kChurn, kProduction, {});
  REQUIRE(history.items.size() == 1);
  CHECK(history.items[0] == refused);
  CHECK(story.count("SELECT COUNT(*) FROM audit WHERE action = 'promote'") == 1);
}

TEST_CASE("Promote: a dry run judges the same and writes nothing") {
  Story story;
  story.gate();
  story.evaluate(story.one, 0.7);
  const auto audited = story.count("SELECT COUNT(*) FROM audit");
  const Decision dry = story.promote("1", "production", true);
  CHECK(dry.verdict == DecisionVerdict::promoted);
  CHECK(dry.dry_run);
  CHECK_FALSE(dry.id);
  CHECK(json(dry).at("id") == "");
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 0);
  CHECK(story.count("SELECT COUNT(*) FROM audit") == audited);
  CHECK_FALSE(story.stage().version);
  CHECK(story.promote("1").rules == dry.rules);
}

TEST_CASE("Promote: a lost race names who moved the stage, where to and when") {
  Story story;
  story.promote("1", "production", false, 0);
  const auto [code, message] = error_of([&] { story.promote("2", "production", false, 0); });
  CHECK(code == Code::conflict);
  CHECK_THAT(message, Contains("revision 1, not 0") &&
                          Contains("ada moved it to version 1 at 2026-11-21T00:00:00.000Z"));
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 1);
  CHECK_THAT(error_of([&] { story.promote("1", "staging", false, 3); }).second, Contains("never been set"));
}

TEST_CASE("Promote: If-Match is a revision in quotes") {
  const auto parse = [](std::optional<std::string_view> if_match) {
    return parse_promote_request(kChurn, kProduction, R"({"version":"4"})", if_match).expected_revision;
  };
  CHECK(parse("\"3\"") == 3);
  CHECK_FALSE(parse("*"));
  CHECK_FALSE(parse(std::nullopt));
  for (const char* bad : {"3", "\"\"", "\"-1\"", "\"x\"", "W/\"3\"", "\"3", ""})
    CHECK(error_of([&] { parse(bad); }).first == Code::invalid_argument);
  CHECK_THAT(error_of([&] {
               parse_promote_request(kChurn, kProduction, R"({"verson":"4","version":"4"})", {});
             }).second,
             Contains("did you mean \"version\""));
}

TEST_CASE("Promote: registering is not promoting") {
  Story story;
  for (const Role role : {Role::reader, Role::writer})
    CHECK(error_of([&] {
            promote(story.services(), story.principal("bo", role),
                    {.model = kChurn,
                     .stage = kProduction,
                     .version = Selector(1),
                     .dry_run = true,
                     .expected_revision = {}});
          }).first == Code::denied);
  CHECK(error_of([&] {
          promote(story.services(), story.principal("bo", Role::promoter, "acme"),
                  {.model = kChurn, .stage = kProduction, .version = Selector(1), .expected_revision = {}});
        }).first == Code::denied);
  CHECK(error_of([&] {
          set_policy(story.services(), story.principal("bo", Role::promoter), kChurn, kProduction,
                     policy({}).dump());
        }).first == Code::denied);
}

TEST_CASE("Promote: an unknown version is not found and nothing is recorded") {
  Story story;
  CHECK(error_of([&] { story.promote("9"); }).first == Code::not_found);
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 0);
}

TEST_CASE("Promote: the order of stages is enforced") {
  Story story;
  story.set_policy({{"stage", "production"}, {"from", "staging"}, {"rules", json::array()}});
  CHECK(exit_code(story.promote("1").verdict) == 10);
  story.promote("1", "staging");
  CHECK(exit_code(story.promote("1").verdict) == 0);
  CHECK(exit_code(story.promote("2").verdict) == 10);
}

TEST_CASE("Promote: a failure in the transaction leaves pointer, decision and audit as they were") {
  Story story;
  story.gate();
  story.evaluate(story.one, 0.7);
  story.evaluate(story.two, 0.9);
  story.promote("1");
  const Stage before = story.stage();
  const auto decisions = story.count("SELECT COUNT(*) FROM decisions");
  const auto audited = story.count("SELECT COUNT(*) FROM audit");
  for (const char* place : {"AFTER INSERT ON decisions", "AFTER UPDATE ON stages", "BEFORE INSERT ON audit",
                            "AFTER INSERT ON audit"}) {
    INFO(place);
    story.database->write([&](Transaction& transaction) {
      transaction.execute(std::string("CREATE TRIGGER fault ") + place +
                          " BEGIN SELECT RAISE(ABORT, 'fault'); END");
    });
    CHECK_THAT(error_of([&] { story.promote("2"); }).second, Contains("fault"));
    CHECK(story.stage() == before);
    CHECK(story.count("SELECT COUNT(*) FROM decisions") == decisions);
    CHECK(story.count("SELECT COUNT(*) FROM audit") == audited);
    story.database->write([](Transaction& transaction) { transaction.execute("DROP TRIGGER fault"); });
  }
  CHECK(story.promote("2").changed);
}

TEST_CASE("Promote: history, decisions, policies and evidence cannot be rewritten") {
  Story story;
  story.gate();
  story.evaluate(story.one, 0.7);
  story.promote("1");
  for (const char* sql :
       {"UPDATE decisions SET actor = 'nobody'", "DELETE FROM decisions", "UPDATE evidence SET seed = 1",
        "DELETE FROM evidence", "DELETE FROM evidence_spaces", "UPDATE policies SET document = '{}'",
        "DELETE FROM policies", "DELETE FROM policy_history", "UPDATE policy_history SET set_by = 'x'",
        "DELETE FROM stages", "UPDATE stages SET number = 2", "UPDATE stages SET revision = revision + 1",
        "UPDATE stages SET revision = 0"}) {
    INFO(sql);
    CHECK_THAT(error_of([&] {
                 story.database->write([&](Transaction& transaction) { transaction.execute(sql); });
               }).second,
               !Contains("nothing was thrown"));
  }
}

TEST_CASE("Policy: datasets are resolved when it is set, and later versions do not change it") {
  Story story;
  const Policy set = story.set_policy(
      policy({{{"metric", {{"name", "roc_auc"}, {"dataset", "holdout"}, {"at_least", 0.6}}}}}));
  CHECK(std::get<MetricRule>(set.rules()[0]).dataset.reference == "default/holdout@1");
  CHECK(std::get<MetricRule>(set.rules()[0]).dataset.digest == story.holdout.digest);
  const Version newer = story.push(Kind::dataset, "holdout", "a,b\n3,4\n");
  CHECK(show_policy(story.services(), story.admin, kChurn, kProduction) == set);
  story.report(evaluation(story.one.digest, newer.digest, {metric("roc_auc", 0.9)}));
  CHECK(exit_code(story.promote("1").verdict) == 11);
  CHECK(story.set_policy(json(set)) == set);  // what is shown can be set again
  CHECK(policy_answer(set).at("digest") == set.digest().text());
}

TEST_CASE("Policy: what cannot be judged is refused when it is set") {
  Story story;
  const auto refuse = [&](const json& document) { return error_of([&] { story.set_policy(document); }); };
  const json unknown = policy({{{"metric", {{"name", "roc_auc"}, {"dataset", "holdot"}, {"at_least", 0}}}}});
  CHECK(refuse(unknown).first == Code::not_found);
  CHECK_THAT(refuse(unknown).second, Contains("holdout"));
  json wrong = policy({{{"metric", {{"name", "roc_auc"}, {"dataset", "holdout@1"}, {"at_least", 0}}}}});
  wrong["rules"][0]["metric"]["dataset_digest"] = Digest::of("other").text();
  CHECK(refuse(wrong).first == Code::invalid_argument);
  CHECK(error_of([&] {
          set_policy(story.services(), story.admin, kChurn, StageName::parse("staging"), policy({}).dump());
        }).first == Code::invalid_argument);
  CHECK(error_of([&] { story.set_policy(policy({}), "chrn"); }).first == Code::not_found);
  CHECK(error_of([&] { show_policy(story.services(), story.admin, kChurn, kProduction); }).first ==
        Code::not_found);
}

TEST_CASE("Policy: stages that would form a ring are refused") {
  Story story;
  story.set_policy({{"stage", "production"}, {"from", "staging"}, {"rules", json::array()}});
  story.set_policy({{"stage", "staging"}, {"from", "canary"}, {"rules", json::array()}});
  const auto [code, message] = error_of([&] {
    story.set_policy({{"stage", "canary"}, {"from", "production"}, {"rules", json::array()}});
  });
  CHECK(code == Code::invalid_argument);
  CHECK_THAT(message, Contains("ring") && Contains("canary from production from staging from canary"));
}

TEST_CASE("Promote: a batch moves all its stages or none, and a repeat answers the same") {
  Story story;
  story.push(Kind::model, "fraud", "other");
  story.gate();
  const auto batch = [&](bool dry_run = false, RequestKey* key = nullptr) {
    PromotionBatch wish = parse_promotion_batch(
        R"({"items":[{"model":"fraud","stage":"production","version":"1"},)"
        R"({"model":"churn","stage":"production","version":"1"},{"model":"fraud","stage":"staging","version":"1"}]})");
    wish.dry_run = dry_run;
    return promote_batch(story.services(), story.admin, wish, key);
  };
  const auto blocked = batch();
  REQUIRE(blocked.size() == 3);
  CHECK(blocked[0].verdict == DecisionVerdict::withheld);
  CHECK_THAT(blocked[0].summary, Contains("not without churn@1 in production") && Contains("missing_evidence"));
  CHECK(blocked[1].verdict == DecisionVerdict::missing_evidence);
  CHECK(blocked[2].verdict == DecisionVerdict::withheld);
  CHECK(exit_code(blocked[0].verdict) == 10);
  CHECK(story.count("SELECT COUNT(*) FROM stages WHERE revision > 0") == 0);
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 3);
  story.evaluate(story.one, 0.7);
  for (const Decision& decision : batch(true)) CHECK(decision.verdict == DecisionVerdict::promoted);
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 3);
  RequestKey key = parse_request_key("k", "POST /api/v1/promotions", "{}", {});
  const auto moved = batch(false, &key);
  for (const Decision& decision : moved) CHECK(decision.changed);
  CHECK(batch(false, &key) == moved);
  CHECK(key.replayed);
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 6);
  CHECK(story.count("SELECT COUNT(*) FROM events WHERE type LIKE 'io.assay.stage.%'") == 6);
  for (const Decision& decision : batch()) CHECK(decision.verdict == DecisionVerdict::already_there);
}

TEST_CASE("Promote: a batch in which one stage has moved, or is named twice, or that one item may not ask, writes nothing") {
  Story story;
  story.push(Kind::model, "fraud", "other");
  const auto wish = [](const char* second) {
    return parse_promotion_batch(fmt::format(
        R"({{"items":[{{"model":"fraud","stage":"production","version":"1"}},{}]}})", second));
  };
  const auto moved = wish(R"({"model":"churn","stage":"production","version":"1","expected_revision":7})");
  CHECK(error_of([&] { promote_batch(story.services(), story.admin, moved); }).first == Code::conflict);
  const auto unknown = wish(R"({"model":"churn","stage":"production","version":"9"})");
  CHECK(error_of([&] { promote_batch(story.services(), story.admin, unknown); }).first == Code::not_found);
  const auto elsewhere = wish(R"({"model":"acme/churn","stage":"production","version":"1"})");
  CHECK(error_of([&] { promote_batch(story.services(), story.principal("bo", Role::promoter, "default"), elsewhere); })
            .first == Code::denied);
  CHECK(error_of([&] { wish(R"({"model":"Fraud","stage":"production","version":"1"})"); }).first ==
        Code::invalid_argument);
  CHECK(error_of([&] { parse_promotion_batch(R"({"items":[]})"); }).first == Code::invalid_argument);
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 0);
}

TEST_CASE("Promote: a version of which a file is lost does not enter a stage") {
  Story story;
  const Digest file = story.two.files.at(0).digest;
  story.promote("1");
  story.blobs.forget(file);
  for (const bool dry_run : {false, true}) {
    const auto [code, message] = error_of([&] { story.promote("2", "production", dry_run); });
    CHECK(code == Code::corrupt);
    CHECK_THAT(message, Contains("default/churn@2") && Contains(file.text()));
  }
  CHECK(story.stage().version->number == 1);
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 1);
}

TEST_CASE("Promote: what changes between judging and writing is judged again") {
  World world;
  const Version model = world.push(Kind::model, "churn", "one");
  const Version holdout = world.push(Kind::dataset, "holdout", "a,b\n1,2\n");
  const json rule = {{"metric", {{"name", "auc"}, {"dataset", "holdout@1"}, {"at_least", 0.5}}}};
  const auto set_bound = [&](double bound) {
    json document = {{"stage", "production"}, {"rules", json::array({rule})}};
    document["rules"][0]["metric"]["at_least"] = bound;
    world.set_policy(document);
  };
  const auto measure = [&](double auc) {
    world.report(evaluation(model.digest, holdout.digest, {metric("auc", auc)}));
  };
  Judged judged;
  const auto verdict = [&](Judged& from) {
    return world.database->read([&](Snapshot& snapshot) {
      const Stage stage = current_stage(snapshot, model.name, StageName::parse("production"));
      const Candidacy candidacy = candidacy_of(model, stage, world.admin);
      return judge_candidate(snapshot, model, stage, candidacy, world.clock.now(), from).decision;
    });
  };
  const std::pair<DecisionVerdict, std::function<void()>> changes[] = {
      {DecisionVerdict::missing_evidence, [] {}},
      {DecisionVerdict::promoted, [&] { measure(0.9); }},
      {DecisionVerdict::promoted, [] {}},
      {DecisionVerdict::refused, [&] { measure(0.1); }},
      {DecisionVerdict::promoted, [&] { set_bound(0.05); }},
      {DecisionVerdict::missing_evidence,
       [&] {
         revoke_library(world.services(), world.admin, Digest::of("classification"), R"({"reason":"wrong"})");
       }},
      {DecisionVerdict::promoted, [&] {
         reinstate_library(world.services(), world.admin, Digest::of("classification"), R"({"reason":"right"})");
       }}};
  set_bound(0.5);
  for (const auto& [expected, change] : changes) {
    change();
    Judged anew;
    const Decision decision = verdict(judged);
    CHECK(decision.verdict == expected);
    CHECK(decision == verdict(anew));
  }
}
