// SPDX-License-Identifier: Apache-2.0
// What holds a promotion back though its evidence is good: freezes, leases, approvals; and force.
#include <nlohmann/json.hpp>

#include "registry/domain/bundle.h"
#include "registry/service/approve.h"
#include "registry/service/events.h"
#include "registry/service/explain.h"
#include "registry/service/lease.h"
#include "registry/service/problem.h"
#include "registry/service/rollback.h"
#include "storage/env/time_zone.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

const Name kChurn = Name::parse("churn");
const StageName kProduction = StageName::parse("production");
const json kGate = {{"metric", {{"name", "roc_auc"}, {"dataset", "holdout@1"}, {"at_least", 0.6}}}};

struct Story : World {
  Version one = push(Kind::model, "churn", "first");
  Version two = push(Kind::model, "churn", "second");
  Version holdout = push(Kind::dataset, "holdout", "a,b\n1,2\n");
  Principal bo = principal("bo", Role::promoter);
  Principal cy = principal("cy", Role::promoter);

  Story() { evaluate(one, 0.7); }
  void evaluate(const Version& model, double auc) {
    report(evaluation(model.digest, holdout.digest, {metric("roc_auc", auc)}));
  }
  void gate(json more) {
    more["stage"] = "production";
    more["rules"] = json::array({kGate});
    set_policy(more);
  }
  Decision ask(const Principal& who, const char* version = "1") {
    return assay::promote(services(), who,
                   {.model = kChurn, .stage = kProduction, .version = Selector::parse(version), .expected_revision = {}});
  }
  Decision force(const Principal& who, const std::string& reason) {
    return assay::promote(services(), who,
                   {.model = kChurn,
                    .stage = kProduction,
                    .version = Selector(1),
                    .expected_revision = {},
                    .force = true,
                    .reason = reason});
  }
  Decision answer(const Principal& who, const Decision& waiting, bool agrees = true) {
    return approve(services(), who, {.decision = *waiting.id, .agrees = agrees, .reason = ""});
  }
  Lease hold(const Principal& who, const char* body = R"({"for":"2h","reason":"moving"})") {
    return take_lease(services(), who, kChurn, kProduction, parse_lease_request(body));
  }
  std::optional<VersionNumber> held() {
    const Stage stage = describe_stage(services(), admin, kChurn, kProduction);
    return stage.version ? std::optional(stage.version->number) : std::nullopt;
  }
};

const RuleResult& last_rule(const Decision& decision) {
  return decision.rules.back();
}

json approvals(int count, bool author_may_not = true) {
  return {{"approvals", {{"count", count}, {"author_may_not", author_may_not}}}};
}

}  // namespace

TEST_CASE("Freeze: a window is a span of wall-clock time in a zone, every week or once") {
  const auto wall = [](const char* text) { return WallTime(parse_time(text).time_since_epoch()); };
  const FreezeWindow weekend = FreezeWindow::parse("Fri 16:00/Mon 08:00 Europe/Berlin");
  CHECK(weekend.zone() == "Europe/Berlin");
  CHECK_FALSE(weekend.around(wall("2026-11-20T15:59:59Z")));  // a Friday
  const auto span = weekend.around(wall("2026-11-20T16:00:00Z"));
  REQUIRE(span);
  CHECK(span->from == wall("2026-11-20T16:00:00Z"));
  CHECK(span->until == wall("2026-11-23T08:00:00Z"));
  CHECK(weekend.around(wall("2026-11-23T07:59:59Z"))->from == span->from);
  CHECK_FALSE(weekend.around(wall("2026-11-23T08:00:00Z")));
  const FreezeWindow holidays = FreezeWindow::parse("2026-12-19 00:00/2027-01-04 08:00 UTC");
  CHECK(holidays.around(wall("2026-12-24T12:00:00Z")));
  CHECK_FALSE(holidays.around(wall("2027-01-04T08:00:00Z")));
  CHECK_FALSE(holidays.around(wall("2027-12-24T12:00:00Z")));
}

TEST_CASE("Freeze: every minute of a week is inside of a window or of its complement") {
  const FreezeWindow window = FreezeWindow::parse("Sat 22:30/Tue 00:15 UTC");
  const FreezeWindow rest = FreezeWindow::parse("Tue 00:15/Sat 22:30 UTC");
  const WallTime start(parse_time("2026-11-16T00:00:00Z").time_since_epoch());
  for (int minute = 0; minute < 14 * 24 * 60; ++minute) {
    const WallTime now = start + std::chrono::minutes(minute) + 1ms;
    const auto in = window.around(now);
    REQUIRE(in.has_value() != rest.around(now).has_value());
    if (in) REQUIRE((in->from <= now && now < in->until));
  }
}

TEST_CASE("Freeze: bad windows are refused with how to write one") {
  for (const char* bad :
       {"", "Fri 16:00", "Fri 16:00/Mon 08:00", "Fri 16:00/Fri 16:00 UTC", "Fry 16:00/Mon 08:00 UTC", "Fri 24:00/Mon 08:00 UTC",
        "Fri 16:60/Mon 08:00 UTC", "Fri/Mon UTC", "2026-12-19 00:00/Mon 08:00 UTC", "2026-02-30 00:00/2026-03-01 00:00 UTC",
        "2027-01-04 08:00/2026-12-19 00:00 UTC", "Fri 16:00/Mon 08:00 ", "Fri 16:00/Mon 08:00 ../../etc/localtime",
        "Fri 16:00/Mon 08:00 Europe/\xff"}) {
    const auto [code, message] = error_of([&] { FreezeWindow::parse(bad); });
    CAPTURE(bad);
    CHECK(code == Code::invalid_argument);
    CHECK_THAT(message, Contains("Europe/Berlin"));
  }
}

TEST_CASE("TimeZone: clocks that are set forward skip a time, clocks that are set back show it twice") {
  const TimeZone berlin = TimeZone::find("Europe/Berlin");
  const auto wall = [](const char* text) { return WallTime(parse_time(text).time_since_epoch()); };
  CHECK(berlin.first(wall("2026-07-01T12:00:00Z")) == parse_time("2026-07-01T10:00:00Z"));
  CHECK(berlin.first(wall("2026-03-29T02:30:00Z")) == parse_time("2026-03-29T01:00:00Z"));  // skipped
  CHECK(berlin.last(wall("2026-03-29T02:30:00Z")) == parse_time("2026-03-29T01:00:00Z"));
  CHECK(berlin.first(wall("2026-10-25T02:30:00Z")) == parse_time("2026-10-25T00:30:00Z"));  // twice
  CHECK(berlin.last(wall("2026-10-25T02:30:00Z")) == parse_time("2026-10-25T01:30:00Z"));
  CHECK(berlin.wall(parse_time("2026-11-21T00:00:00Z")) == wall("2026-11-21T01:00:00Z"));
  CHECK_THAT(error_of([] { TimeZone::find("Europe/Berlim"); }).second, Contains("Europe/Berlim"));
}

TEST_CASE("Standing: a freeze holds back what would pass, names its end in UTC, and lets it through afterwards") {
  Story story;  // at Saturday 2026-11-21T00:00Z
  story.gate({{"freeze", {"Fri 16:00/Mon 08:00 Europe/Berlin"}}});
  const Decision frozen = story.ask(story.bo);
  CHECK(frozen.verdict == DecisionVerdict::frozen);
  CHECK(exit_code(frozen.verdict) == 31);
  CHECK_FALSE(frozen.changed);
  CHECK(last_rule(frozen).verdict == RuleVerdict::closed);
  CHECK_THAT(last_rule(frozen).explanation, Contains("2026-11-23T07:00:00.000Z") && Contains("Fri 16:00/Mon 08:00"));
  CHECK_FALSE(story.held());
  // What fails is said first: nobody waits for Monday to learn that.
  story.evaluate(story.two, 0.1);
  CHECK(story.ask(story.bo, "2").verdict == DecisionVerdict::refused);
  story.clock.advance(55h - 1ms);
  CHECK(story.ask(story.bo).verdict == DecisionVerdict::frozen);
  story.clock.advance(1ms);
  CHECK(story.ask(story.bo).verdict == DecisionVerdict::promoted);
}

TEST_CASE("Standing: a freeze in a zone that does not exist is refused when the policy is set") {
  Story story;
  const auto [code, message] = error_of([&] { story.gate({{"freeze", {"Fri 16:00/Mon 08:00 Europe/Berlim"}}}); });
  CHECK(code == Code::invalid_argument);
  CHECK_THAT(message, Contains("Europe/Berlim"));
}

TEST_CASE("Standing: a lease holds everybody else back until it ends or is given back; a rollback passes") {
  Story story;
  story.hold(story.cy);
  const Decision leased = story.ask(story.bo);
  CHECK(leased.verdict == DecisionVerdict::leased);
  CHECK(exit_code(leased.verdict) == 31);
  CHECK_THAT(last_rule(leased).explanation, Contains("cy holds production until 2026-11-21T02:00:00.000Z (moving)"));
  CHECK(story.ask(story.cy).changed);
  const auto [code, message] = error_of([&] { story.hold(story.bo); });
  CHECK(code == Code::conflict);
  CHECK_THAT(message, Contains("cy holds") && Contains("02:00:00"));
  CHECK(error_of([&] { give_back_lease(story.services(), story.bo, kChurn, kProduction); }).first == Code::conflict);
  story.hold(story.cy, R"({"for":"4h"})");  // anew
  story.clock.advance(3h);
  CHECK(story.ask(story.bo, "2").verdict == DecisionVerdict::leased);
  CHECK(story.ask(story.cy, "2").changed);
  CHECK(rollback(story.services(), story.bo,
                 {.model = kChurn, .stage = kProduction, .to = {}, .reason = "", .expected_revision = {}})
            .changed);
  give_back_lease(story.services(), story.admin, kChurn, kProduction);
  CHECK_FALSE(show_lease(story.services(), story.bo, kChurn, kProduction));
  CHECK(story.ask(story.bo, "2").changed);
  story.hold(story.cy);
  story.clock.advance(2h);
  CHECK(story.ask(story.bo, "1").changed);  // it ended by itself
}

TEST_CASE("Standing: a lease has a longest time and needs the right to promote") {
  Story story;
  CHECK(error_of([&] { story.hold(story.bo, R"({"for":"8d"})"); }).first == Code::invalid_argument);
  CHECK(error_of([&] { story.hold(story.principal("rea", Role::reader)); }).first == Code::denied);
  CHECK(error_of([&] {
          take_lease(story.services(), story.bo, Name::parse("nothing"), kProduction, {1h, ""});
        }).first == Code::not_found);
}

TEST_CASE("Standing: approvals are waited for, counted once a person, and the last one moves the stage") {
  Story story;
  story.gate(approvals(2));
  const Decision waiting = story.ask(story.bo);
  CHECK(waiting.verdict == DecisionVerdict::waiting);
  CHECK(exit_code(waiting.verdict) == 20);
  CHECK_FALSE(waiting.changed);
  REQUIRE(waiting.id);
  CHECK_THAT(last_rule(waiting).explanation, Contains("0 of 2") && Contains("assay approve"));
  REQUIRE(list_waiting(story.services(), story.bo, 10).size() == 1);
  CHECK(list_waiting(story.services(), story.bo, 10)[0] == waiting);
  CHECK(list_waiting(story.services(), story.principal("eve", Role::promoter, "acme"), 10).empty());

  CHECK(story.answer(story.cy, waiting).verdict == DecisionVerdict::waiting);
  const Decision still = story.answer(story.cy, waiting);  // twice is once
  CHECK(still.verdict == DecisionVerdict::waiting);
  CHECK(still.id != waiting.id);
  REQUIRE(list_waiting(story.services(), story.bo, 10).size() == 1);
  CHECK(list_waiting(story.services(), story.bo, 10)[0].id == still.id);
  CHECK_THAT(last_rule(still).explanation, Contains("1 of 2 approval(s) given (cy)"));
  CHECK_FALSE(story.held());
  const Decision moved = story.answer(story.principal("di", Role::promoter), waiting);
  CHECK(moved.verdict == DecisionVerdict::promoted);
  CHECK(moved.id != waiting.id);
  CHECK(moved.actor == "di");
  CHECK(story.held() == 1);
  CHECK(list_waiting(story.services(), story.bo, 10).empty());
  CHECK(error_of([&] { story.answer(story.cy, waiting); }).first == Code::conflict);
  CHECK(story.count("SELECT COUNT(*) FROM audit WHERE action = 'approve'") == 3);
}

TEST_CASE("Standing: neither who published nor who asks may approve, if the policy says so") {
  Story story;  // ada, the admin, published
  story.gate(approvals(1));
  const Decision waiting = story.ask(story.bo);
  for (const Principal& who : {story.bo, story.admin}) {
    const auto [code, message] = error_of([&] { story.answer(who, waiting); });
    CHECK(code == Code::denied);
    CHECK_THAT(message, Contains(who.name) && Contains("ask another promoter"));
  }
  CHECK(error_of([&] { story.answer(story.principal("rea", Role::reader), waiting); }).first == Code::denied);
  CHECK(error_of([&] { story.answer(story.principal("eve", Role::promoter, "acme"), waiting); }).first ==
        Code::not_found);
  CHECK(story.count("SELECT COUNT(*) FROM approvals") == 0);
  CHECK(story.answer(story.cy, waiting).changed);

  Story lax;
  lax.gate(approvals(1, false));
  CHECK(lax.answer(lax.bo, lax.ask(lax.bo)).changed);
}

TEST_CASE("Standing: a policy may want the approval of an admin") {
  Story story;
  story.gate({{"approvals", {{"count", 1}, {"role", "admin"}}}});
  const Decision waiting = story.ask(story.bo);
  CHECK(error_of([&] { story.answer(story.cy, waiting); }).first == Code::denied);
  CHECK(story.answer(story.admin, waiting).changed);
}

TEST_CASE("Standing: an approval is void once other evidence counts or the policy is another; unrelated records change "
          "nothing") {
  Story story;
  story.gate(approvals(2));
  const Decision waiting = story.ask(story.bo);
  story.answer(story.cy, waiting);
  story.evaluate(story.two, 0.9);  // of another version
  CHECK_THAT(last_rule(story.ask(story.bo)).explanation, Contains("1 of 2"));
  CHECK(story.answer(story.cy, waiting).verdict == DecisionVerdict::waiting);
  story.evaluate(story.one, 0.8);  // newer, so it counts
  const auto [code, message] = error_of([&] { story.answer(story.principal("di", Role::promoter), waiting); });
  CHECK(code == Code::conflict);
  CHECK_THAT(message, Contains("evidence") && Contains("again"));
  const Decision anew = story.ask(story.bo);
  CHECK_THAT(last_rule(anew).explanation, Contains("0 of 2") && Contains("do not count"));
  story.gate(approvals(1));
  CHECK(error_of([&] { story.answer(story.cy, anew); }).first == Code::conflict);
  CHECK(story.answer(story.cy, story.ask(story.bo)).changed);
}

TEST_CASE("Standing: the last approval judges anew, so evidence gone stale meanwhile does not pass") {
  Story story;
  json policy = approvals(1);
  policy["stage"] = "production";
  policy["rules"] = json::array({kGate, {{"evidence", {{"max_age", "1d"}}}}});
  story.set_policy(policy);
  const Decision waiting = story.ask(story.bo);
  REQUIRE(waiting.verdict == DecisionVerdict::waiting);
  story.clock.advance(48h);
  const Decision late = story.answer(story.cy, waiting);
  CHECK(late.verdict == DecisionVerdict::missing_evidence);
  CHECK_FALSE(story.held());
  CHECK(story.count("SELECT COUNT(*) FROM decisions") == 2);
}

TEST_CASE("Standing: a no refuses, and stays said") {
  Story story;
  story.gate(approvals(1));
  const Decision refused = story.answer(story.cy, story.ask(story.bo), false);
  CHECK(refused.verdict == DecisionVerdict::refused);
  CHECK_THAT(last_rule(refused).explanation, Contains("cy refused it"));
  CHECK(list_waiting(story.services(), story.bo, 10).empty());
  CHECK(story.ask(story.bo).verdict == DecisionVerdict::refused);
}

TEST_CASE("Standing: force overrides freeze, lease and order, never evidence; it needs an admin and a reason") {
  Story story;
  story.gate({{"from", "staging"}, {"freeze", {"Fri 16:00/Mon 08:00 Europe/Berlin"}}});
  story.hold(story.cy);
  CHECK(error_of([&] { story.force(story.bo, "now"); }).first == Code::denied);
  CHECK(error_of([&] {
          parse_promote_request(kChurn, kProduction, R"({"version":"1","force":true})", {});
        }).first == Code::invalid_argument);
  const Decision forced = story.force(story.admin, "the incident of today");
  CHECK(forced.changed);
  CHECK(forced.forced);
  CHECK(forced.reason == "the incident of today");
  CHECK_THAT(forced.summary, Contains("by force"));
  CHECK(std::count_if(forced.rules.begin(), forced.rules.end(),
                      [](const RuleResult& rule) { return rule.verdict == RuleVerdict::forced; }) == 3);
  CHECK(decision_from_json(json(forced)) == forced);

  Story bad;
  bad.evaluate(bad.one, 0.1);
  bad.gate({{"freeze", {"Fri 16:00/Mon 08:00 Europe/Berlin"}}});
  CHECK(bad.force(bad.admin, "now").verdict == DecisionVerdict::refused);
  bad.gate(approvals(1));
  bad.evaluate(bad.one, 0.9);
  CHECK(bad.force(bad.admin, "now").verdict == DecisionVerdict::waiting);
}

TEST_CASE("Decision: its bundle judges the same elsewhere, and another number in it does not") {
  Story story;
  json policy = approvals(1);
  policy["freeze"] = {"Fri 16:00/Mon 08:00 Asia/Tokyo"};
  policy["from"] = "staging";
  story.gate(policy);
  story.promote("1", "staging");
  const std::vector<Decision> decided = {story.ask(story.bo), story.ask(story.bo, "2"), story.force(story.admin, "now"),
                                         story.promote("2", "staging")};
  for (const Decision& decision : decided) {
    const Bundle bundle = export_decision(story.services(), story.bo, *decision.id);
    CHECK(bundle.decision == decision);
    CHECK(replay(bundle).empty());
    const Bundle read = bundle_from_json(json::parse(json(bundle).dump()));
    CHECK(json(read) == json(bundle));
    CHECK(replay(read).empty());
  }
  json altered = export_decision(story.services(), story.bo, *decided[0].id);
  CHECK(altered.at("format") == "assay-decision/1");
  REQUIRE(altered["evidence"].size() == 1);
  altered["evidence"][0]["rows"][0]["value"] = 0.71;
  const auto differences = replay(bundle_from_json(altered));
  REQUIRE(differences.size() == 1);
  CHECK_THAT(differences[0], Contains("candidate: 0.7 on record, 0.71 when judged again"));
  json other_policy = export_decision(story.services(), story.bo, *decided[0].id);
  other_policy["policy"]["rules"][0]["metric"]["at_least"] = 0.5;
  CHECK_FALSE(replay(bundle_from_json(other_policy)).empty());
  other_policy["format"] = "assay-decision/2";
  CHECK(error_of([&] { bundle_from_json(other_policy); }).first == Code::unsupported);
}

TEST_CASE("Decision: what was not judged has no bundle, and nobody exports what they may not read") {
  Story story;
  const Decision first = story.ask(story.bo);
  const Decision there = story.ask(story.bo);
  CHECK(there.verdict == DecisionVerdict::already_there);
  CHECK(error_of([&] { export_decision(story.services(), story.bo, *there.id); }).first == Code::unsupported);
  CHECK(error_of([&] {
          export_decision(story.services(), story.principal("eve", Role::reader, "acme"), *first.id);
        }).first == Code::not_found);
}

TEST_CASE("Events: one a decision, in order, for those who may read") {
  Story story;
  story.gate(approvals(1));
  const auto earlier = read_events(story.services(), story.bo, 0, 100);  // what the story published
  const std::int64_t start = earlier.empty() ? 0 : earlier.back().seq;
  const Decision waiting = story.ask(story.bo);
  const Decision moved = story.answer(story.cy, waiting);
  const auto events = read_events(story.services(), story.bo, start, 10);
  REQUIRE(events.size() == 2);
  CHECK(events[0].type == "io.assay.stage.waiting");
  CHECK(events[1].type == "io.assay.stage.promoted");
  CHECK(events[1].subject == "models/default/churn/stages/production");
  CHECK(events[1].data.at("decision") == moved.id->text());
  CHECK(json(events[1]).at("specversion") == "1.0");
  CHECK(read_events(story.services(), story.bo, events[0].seq, 10).size() == 1);
  CHECK(read_events(story.services(), story.bo, start, 1).size() == 1);
  CHECK(read_events(story.services(), story.principal("eve", Role::reader, "acme"), 0, 10).empty());
  CHECK(events_answer(events).at("next_after") == events[1].seq);
}

TEST_CASE("Problem: what a model is for is set, replaced by who saw it, and every one stays") {
  Story story;
  CHECK_THAT(error_of([&] { show_problem(story.services(), story.bo, kChurn); }).second, Contains("assay problem set"));
  const std::string text =
      R"({"target":"churned","unit":"a customer in a month","primary_metric":"roc_auc","owner":"team-growth",)"
      R"("margin":-0.005,"cost_matrix":{"fn":500,"fp":20},"guardrails":[{"name":"recall","at_least":0.6}]})";
  const Principal writer = story.principal("wri", Role::writer);
  const Problem first = set_problem(story.services(), writer, kChurn, text, {});
  CHECK(Problem::parse(json(first)) == first);
  CHECK(show_problem(story.services(), story.bo, kChurn) == first);
  CHECK(first.cost_matrix->false_negative == 500);
  const auto replace = [&](const std::string& tag) { set_problem(story.services(), writer, kChurn, text, tag); };
  CHECK(error_of([&] { replace("\"sha256:0\""); }).first == Code::conflict);
  replace('"' + first.digest().text() + '"');
  CHECK(story.count("SELECT COUNT(*) FROM problems") == 2);
  CHECK(error_of([&] { set_problem(story.services(), story.bo, kChurn, text, {}); }).first == Code::denied);
  for (const char* bad : {R"({})", R"({"target":"","unit":"u","primary_metric":"m","owner":"o"})",
                          R"({"target":"t","unit":"u","primary_metric":"m","owner":"o","guardrails":[{"name":"a"}]})",
                          R"({"target":"t","unit":"u","primary_metrics":"m","owner":"o"})"})
    CHECK(error_of([&] { set_problem(story.services(), writer, kChurn, bad, {}); }).first == Code::invalid_argument);
}

TEST_CASE("Standing: rules on the model and the version themselves: its problem, its card, its lineage") {
  Story story;
  story.set_policy({{"stage", "production"},
                    {"rules", {{{"problem", "required"}}, {{"artifact", {{"card", "required"}, {"lineage", "complete"}}}}}}});
  const Decision nothing = story.ask(story.bo);
  CHECK(nothing.verdict == DecisionVerdict::refused);
  REQUIRE(nothing.rules.size() == 3);
  CHECK(nothing.rules[0].verdict == RuleVerdict::missing);
  CHECK_THAT(nothing.rules[0].explanation, Contains("assay problem set churn"));
  CHECK_THAT(nothing.rules[1].explanation, Contains("README.md"));
  CHECK_THAT(nothing.rules[2].explanation, Contains("default/churn@1 was made by no recorded run"));
  CHECK(replay(export_decision(story.services(), story.bo, *nothing.id)).empty());
  set_problem(story.services(), story.admin, kChurn,
              R"({"target":"churned","unit":"a customer","primary_metric":"roc_auc","owner":"growth"})", {});
  const Decision said = story.ask(story.bo);
  CHECK(said.rules[0].verdict == RuleVerdict::pass);
  CHECK_THAT(said.rules[0].explanation, Contains("churned is predicted, judged by roc_auc"));
  CHECK(replay(export_decision(story.services(), story.bo, *said.id)).empty());
}
