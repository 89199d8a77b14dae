// SPDX-License-Identifier: Apache-2.0
// The pure verdict: each outcome of each rule, and what is said about it.
#include <nlohmann/json.hpp>

#include "tests/support/catch.h"
#include "tests/unit/promotion/contest.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

const Digest kOther = Digest::of("another dataset");

struct Case : Contest {
  Case& candidate(const json& value, bool up = true) {
    measured(facts.candidate.digest, {metric("roc_auc", value, up)});
    return *this;
  }
  Case& champion(const json& value, bool up = true) {
    measured(facts.champion->digest, {metric("roc_auc", value, up)});
    return *this;
  }
};

json at_least(double bound) {
  return {{"metric", {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"at_least", bound}}}};
}
json at_most(double bound) {
  return {{"metric", {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"at_most", bound}}}};
}
json margin(double by) {
  return {{"champion", {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"margin", by}}}};
}
const json kMonth = {{"evidence", {{"max_age", "30d"}}}};

json changed(json document, const std::string& pointer, const json& value) {
  document[json::json_pointer(pointer)] = value;
  return document;
}

}  // namespace

TEST_CASE("Verdict: a metric passes at its bound and fails just below, each with the smallest flip") {
  const Decision pass = Case().candidate(0.8).judge({at_least(0.8)});
  CHECK(pass.verdict == DecisionVerdict::promoted);
  CHECK(exit_code(pass.verdict) == 0);
  CHECK(pass.changed);
  CHECK_THAT(pass.rules[0].explanation, Contains("anything lower would fail"));
  const Decision fail = Case().candidate(0.78).judge({at_least(0.8)});
  CHECK(fail.verdict == DecisionVerdict::refused);
  CHECK(exit_code(fail.verdict) == 10);
  CHECK_FALSE(fail.changed);
  CHECK(fail.rules[0].candidate == 0.78);
  CHECK(fail.rules[0].bound == 0.8);
  CHECK(fail.rules[0].n == 1000);
  CHECK(fail.rules[0].evidence.size() == 1);
  CHECK_THAT(fail.rules[0].explanation,
             Contains("0.78") && Contains("below 0.8") && Contains("pass 0.02 higher"));
  CHECK_THAT(fail.summary, Contains("refused") && Contains("1 of 1") && Contains("roc_auc"));
  CHECK(Case().candidate(0.5).judge({at_most(0.5)}).verdict == DecisionVerdict::promoted);
  CHECK_THAT(Case().candidate(0.6).judge({at_most(0.5)}).rules[0].explanation, Contains("pass 0.1 lower"));
}

TEST_CASE("Verdict: numbers that six digits would make equal are shown in full") {
  const Decision fail = Case().candidate(0.79999999999).judge({at_least(0.8)});
  CHECK_THAT(fail.rules[0].explanation, Contains("0.79999999999"));
}

TEST_CASE("Verdict: a champion rule respects its margin") {
  CHECK(Case().candidate(0.74).champion(0.71).judge({margin(0.03)}).verdict == DecisionVerdict::promoted);
  const Decision close = Case().candidate(0.7).champion(0.71).judge({margin(-0.005)});
  CHECK(close.verdict == DecisionVerdict::refused);
  const RuleResult& rule = close.rules[0];
  CHECK(rule.champion == 0.71);
  CHECK(rule.margin == -0.005);
  CHECK(rule.bound == 0.71 - 0.005);
  CHECK(rule.evidence.size() == 2);
  CHECK_THAT(rule.explanation, Contains("0.71 of the champion churn@3") && Contains("pass 0.005 higher") &&
                                   Contains("margin of -0.01"));
}

TEST_CASE("Verdict: better is lower when the evaluator says so") {
  CHECK(Case().candidate(0.4, false).champion(0.5, false).judge({margin(0.05)}).verdict ==
        DecisionVerdict::promoted);
  const Decision worse = Case().candidate(0.6, false).champion(0.5, false).judge({margin(0)});
  CHECK(worse.verdict == DecisionVerdict::refused);
  CHECK(worse.rules[0].comparator == Comparator::at_most);
  CHECK_THAT(worse.rules[0].explanation, Contains("pass 0.1 lower"));
}

TEST_CASE("Verdict: without a champion there is nothing to compare with, which passes and is said") {
  Case first;
  first.facts.champion.reset();
  const Decision decision = first.judge({margin(0.1)});
  CHECK(decision.verdict == DecisionVerdict::promoted);
  CHECK_THAT(decision.rules[0].explanation, Contains("nothing to compare"));
}

TEST_CASE("Verdict: missing evidence is exit 11 and says how to make it") {
  const Decision none = Case().judge({at_least(0.8)});
  CHECK(none.verdict == DecisionVerdict::missing_evidence);
  CHECK(exit_code(none.verdict) == 11);
  CHECK_THAT(none.rules[0].explanation, Contains("assay evaluate churn@4 --data default/holdout@1"));
  CHECK(Case().candidate(0.9).judge({margin(0)}).rules[0].verdict == RuleVerdict::missing);
  CHECK_THAT(Case().candidate(0.9).judge({margin(0)}).rules[0].explanation, Contains("champion churn@3"));
  json misspelt = at_least(0.8);
  misspelt["metric"]["name"] = "roc_acu";
  CHECK_THAT(Case().candidate(0.9).judge({misspelt}).rules[0].explanation,
             Contains("did you mean \"roc_auc\""));
}

TEST_CASE("Verdict: a value that is no number never passes, on either side") {
  CHECK(Case().candidate(json()).judge({at_least(0)}).rules[0].verdict == RuleVerdict::missing);
  CHECK(Case().candidate(json()).champion(0.1).judge({margin(0)}).verdict ==
        DecisionVerdict::missing_evidence);
  CHECK(Case().candidate(0.9).champion(json()).judge({margin(0)}).verdict ==
        DecisionVerdict::missing_evidence);
  // Of records about the same thing the last one counts, also when it has no value.
  CHECK(Case().candidate(0.9).candidate(json()).judge({at_least(0.8)}).verdict ==
        DecisionVerdict::missing_evidence);
}

TEST_CASE("Verdict: stale evidence is exit 11, fresh to the millisecond of the limit") {
  for (const auto& [age, verdict] :
       {std::pair{Duration(30 * 24h), DecisionVerdict::promoted},
        std::pair{Duration(30 * 24h + 1ms), DecisionVerdict::missing_evidence}}) {
    Case one;
    one.facts.evidence.push_back(
        record(evaluation(one.facts.candidate.digest, kHoldout, {metric("roc_auc", 0.9)}), kNow - age));
    CHECK(one.judge({at_least(0.8), kMonth}).verdict == verdict);
    CHECK(one.judge({kMonth, at_least(0.8)}).verdict == verdict);
  }
}

TEST_CASE("Verdict: evidence from the future is stale, not fresh") {
  Case one;
  one.facts.evidence.push_back(
      record(evaluation(one.facts.candidate.digest, kHoldout, {metric("roc_auc", 0.9)}), kNow + 24h));
  const Decision decision = one.judge({at_least(0.8), kMonth});
  CHECK(decision.verdict == DecisionVerdict::missing_evidence);
  CHECK(decision.rules[0].verdict == RuleVerdict::stale);
  CHECK(decision.rules[1].verdict == RuleVerdict::stale);
}

TEST_CASE("Verdict: reported evidence does not pass where attested is required") {
  const json attested = {{"evidence", {{"level", "attested"}}}};
  const Decision decision = Case().candidate(0.9).judge({at_least(0.8), attested});
  CHECK(decision.verdict == DecisionVerdict::missing_evidence);
  CHECK(decision.rules[0].verdict == RuleVerdict::missing);
  CHECK(decision.rules[1].verdict == RuleVerdict::missing);
  CHECK_THAT(decision.rules[0].explanation, Contains("only reported") && Contains("attested"));
}

TEST_CASE("Verdict: unlike evaluations are exit 12, whatever they differ in") {
  const Case one = Case().candidate(0.9);
  const json like = evaluation(one.facts.champion->digest, kHoldout, {metric("roc_auc", 0.1)});
  const json other_slice = changed(like, "/slice", "origin=JFK");
  const std::pair<json, std::string> unlike[] = {
      {changed(like, "/dataset_digest", kOther.text()), "dataset"},
      {other_slice, "slice"},
      {changed(like, "/plugin/digest", Digest::of("another binary").text()), "evaluator"},
      {changed(like, "/plugin/component", "another"), "evaluator"},
      {changed(like, "/config/threshold", 0.4), "config"},
      {changed(like, "/seed", 8), "seed 7 against 8"},
      {changed(like, "/label", "refunded"), "no label against label refunded"},
      {changed(like, "/rows/0/higher_is_better", false), "direction"},
      {changed(like, "/rows/0/slice", "origin=JFK"), "slice"}};
  for (const auto& [document, difference] : unlike) {
    INFO(difference);
    Case two = one;
    two.facts.evidence.push_back(record(document));
    const Decision decision = two.judge({margin(0)});
    CHECK(decision.verdict == DecisionVerdict::not_comparable);
    CHECK(exit_code(decision.verdict) == 12);
    CHECK_THAT(decision.rules[0].explanation, Contains(difference));
    two.facts.evidence.push_back(record(like));
    CHECK(two.judge({margin(0)}).verdict == DecisionVerdict::promoted);
  }
}

TEST_CASE("Verdict: a slice is a slice, whether a row or the whole record is about it") {
  json rule = at_least(0.8);
  rule["metric"]["slice"] = "origin=JFK";
  Case by_row;
  by_row.facts.evidence.push_back(
      record(evaluation(by_row.facts.candidate.digest, kHoldout,
                        {metric("roc_auc", 0.1), metric("roc_auc", 0.9, true, "origin=JFK")})));
  CHECK(by_row.judge({rule}).verdict == DecisionVerdict::promoted);
  CHECK(by_row.judge({at_least(0.8)}).verdict == DecisionVerdict::refused);
  Case by_record;
  by_record.facts.evidence.push_back(
      record(changed(evaluation(by_record.facts.candidate.digest, kHoldout, {metric("roc_auc", 0.9)}),
                     "/slice", "origin=JFK")));
  CHECK(by_record.judge({rule}).verdict == DecisionVerdict::promoted);
  CHECK(by_record.judge({at_least(0.8)}).verdict == DecisionVerdict::missing_evidence);
}

TEST_CASE("Verdict: the newest validation counts the findings that matter") {
  const auto finding = [](const char* severity) {
    return json{{"severity", severity}, {"rule", "range"},    {"column", "age"},
                {"row_count", 3},       {"sample_rows", {1}}, {"message", "out of range"}};
  };
  const auto rule = [](const char* below) {
    return json{{"validation", {{"dataset", "default/holdout@1"}, {"severity_below", below}}}};
  };
  Case one;
  CHECK(one.judge({rule("error")}).verdict == DecisionVerdict::missing_evidence);
  one.facts.evidence.push_back(
      record(validation(kHoldout, {finding("error"), finding("error"), finding("info")})));
  const Decision fail = one.judge({rule("error")});
  CHECK(fail.verdict == DecisionVerdict::refused);
  CHECK(fail.rules[0].candidate == 2);
  CHECK_THAT(fail.rules[0].explanation, Contains("2 finding(s)"));
  one.facts.evidence.push_back(record(validation(kHoldout, {finding("warning")})));
  CHECK(one.judge({rule("error")}).verdict == DecisionVerdict::promoted);
  CHECK(one.judge({rule("warning")}).verdict == DecisionVerdict::refused);
}

TEST_CASE("Verdict: a version must stand where the policy says it comes from") {
  const json policy = {{"stage", "production"}, {"from", "staging"}, {"rules", json::array()}};
  Case one;
  CHECK(one.judge_document(policy).verdict == DecisionVerdict::refused);
  CHECK_THAT(one.judge_document(policy).rules[0].explanation, Contains("promote churn@4 to staging first"));
  one.facts.from_holder = one.facts.champion;
  CHECK_THAT(one.judge_document(policy).rules[0].explanation, Contains("staging holds churn@3"));
  one.facts.from_holder = one.facts.candidate;
  CHECK(one.judge_document(policy).verdict == DecisionVerdict::promoted);
}

TEST_CASE("Verdict: a failed rule outweighs one that is not comparable, and that one a missing one") {
  Case one = Case().candidate(0.5);
  one.facts.evidence.push_back(record(
      changed(evaluation(one.facts.champion->digest, kHoldout, {metric("roc_auc", 0.1)}), "/seed", 9)));
  json missing = at_least(0);
  missing["metric"]["name"] = "brier";
  CHECK(one.judge({missing, margin(0), at_least(0.8)}).verdict == DecisionVerdict::refused);
  CHECK(one.judge({missing, margin(0), at_least(0.1)}).verdict == DecisionVerdict::not_comparable);
  CHECK(one.judge({missing, at_least(0.1)}).verdict == DecisionVerdict::missing_evidence);
}

TEST_CASE("Verdict: an empty policy admits and says that nothing was checked") {
  const Decision decision = judge(Policy::none(StageName::parse("staging")), Case().facts, kNow);
  CHECK(decision.verdict == DecisionVerdict::promoted);
  CHECK_THAT(decision.summary, Contains("nothing was checked"));
}

TEST_CASE("Verdict: a policy that only asks about evidence needs some") {
  CHECK(Case().judge({kMonth}).verdict == DecisionVerdict::missing_evidence);
  CHECK(Case().candidate(0.1).judge({kMonth}).verdict == DecisionVerdict::promoted);
}

TEST_CASE("Verdict: a policy that was never resolved passes nothing") {
  const Policy policy = Policy::parse({{"stage", "production"}, {"rules", json::array({at_least(0)})}});
  CHECK(judge(policy, Case().candidate(0.9).facts, kNow).verdict == DecisionVerdict::missing_evidence);
}

TEST_CASE("Verdict: a decision reads back from its JSON as it was") {
  Decision decision = Case().candidate(0.7).champion(0.71).judge({at_least(0.8), margin(-0.005), kMonth});
  decision.actor = "ada";
  decision.policy_digest = Digest::of("policy");
  CHECK(decision_from_json(json::parse(json(decision).dump())) == decision);
  SystemEntropy entropy;
  decision.id = new_id(SetClock(), entropy);
  CHECK(decision_from_json(json::parse(json(decision).dump())) == decision);
  CHECK(json(decision).at("exit_code") == 10);
}
