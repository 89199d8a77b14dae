// SPDX-License-Identifier: Apache-2.0
// The verdict of the rules that read more than one row: slices, fairness, cost; and latency, drift, revoked plugins.
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>

#include "tests/support/catch.h"
#include "tests/unit/promotion/contest.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

struct Case : Contest {
  Case& candidate(const JsonRows& rows) {
    measured(facts.candidate.digest, rows);
    return *this;
  }
  Case& champion(const JsonRows& rows) {
    measured(facts.champion->digest, rows);
    return *this;
  }
};

JsonRows counts(double tp, double fp, double fn, double tn, const std::string& slice = "") {
  return {metric("tp", tp, true, slice), metric("fp", fp, false, slice), metric("fn", fn, false, slice),
          metric("tn", tn, true, slice)};
}
JsonRows operator+(JsonRows left, const JsonRows& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}
json row(const std::string& slice, const json& recall, int n = 1000) {
  json out = metric("recall", recall, true, slice);
  out["n"] = n;
  return out;
}

json slices(double margin, int min_rows = 0) {
  return {{"slices",
           {{"name", "recall"},
            {"dataset", "default/holdout@1"},
            {"by", "region"},
            {"no_worse_than", margin},
            {"min_rows", min_rows}}}};
}
json fairness(const char* metric, const char* comparator, double bound) {
  return {{"fairness",
           {{"metric", metric}, {"dataset", "default/holdout@1"}, {"group", "sex"}, {comparator, bound}}}};
}
json cost(const json& bounds) {
  json rule = {{"matrix", {{"fn", 500}, {"fp", 20}}}, {"dataset", "default/holdout@1"}};
  rule.update(bounds);
  return {{"cost", rule}};
}
const json kDrift = {{"drift", {{"plugin", "drift"}, {"window", "7d"}}}};

json drift_report(const Digest& model, const std::vector<bool>& drifted, const std::string& plugin = "drift") {
  json document = evaluation(model, Digest::of("window"), {});
  document["kind"] = "drift";
  document["plugin"]["name"] = plugin;
  document["reference_digest"] = Digest::of("train").text();
  for (std::size_t i = 0; i < drifted.size(); ++i)
    document["rows"].push_back({{"column", "c" + std::to_string(i)},
                                {"statistic", "psi"},
                                {"value", 0.1},
                                {"p_value", nullptr},
                                {"threshold", 0.2},
                                {"drifted", drifted[i]},
                                {"n_ref", 10},
                                {"n_cur", 12}});
  return document;
}

}  // namespace

TEST_CASE("Verdict: the worst slice decides, and is named") {
  Case one;
  one.candidate({row("", 0.9), row("region=EU", 0.80), row("region=US", 0.95), row("regional=x", 0.1)});
  one.champion({row("", 0.1), row("region=EU", 0.81), row("region=US", 0.90)});
  CHECK(one.rule(slices(-0.02)).verdict == RuleVerdict::pass);
  const RuleResult fail = one.rule(slices(-0.005));
  CHECK(fail.verdict == RuleVerdict::fail);
  CHECK(fail.candidate == 0.80);
  CHECK(fail.champion == 0.81);
  CHECK(fail.margin == -0.005);
  CHECK(fail.evidence.size() == 2);
  CHECK_THAT(fail.explanation, Contains("worst of 2 slice(s)") && Contains("region=EU"));
}

TEST_CASE("Verdict: a slice that one side lacks, or has no number for, is missing and not passed over") {
  const JsonRows both = {row("region=EU", 0.8), row("region=US", 0.9)};
  CHECK(Case().candidate(both).champion(both).rule(slices(0)).verdict == RuleVerdict::pass);
  const RuleResult gone = Case().candidate({row("region=EU", 0.8)}).champion(both).rule(slices(-1));
  CHECK(gone.verdict == RuleVerdict::missing);
  CHECK_THAT(gone.explanation, Contains("churn@4") && Contains("region=US"));
  CHECK(Case().candidate(both).champion({row("region=EU", 0.8)}).rule(slices(-1)).verdict == RuleVerdict::missing);
  CHECK(Case().candidate({row("region=EU", json()), row("region=US", 1)}).champion(both).rule(slices(-1)).verdict ==
        RuleVerdict::missing);
  const RuleResult unsliced = Case().candidate({row("", 0.8)}).champion(both).rule(slices(-1));
  CHECK(unsliced.verdict == RuleVerdict::missing);
  CHECK_THAT(unsliced.explanation, Contains("--by region"));
}

TEST_CASE("Verdict: slices of fewer rows than asked for are not judged, but some slice must be") {
  Case one;
  one.candidate({row("region=EU", 0.8), row("region=MC", json(), 5)});
  one.champion({row("region=EU", 0.8), row("region=MC", 0.9, 49)});
  CHECK(one.rule(slices(0)).verdict == RuleVerdict::missing);
  CHECK(one.rule(slices(0, 50)).verdict == RuleVerdict::pass);
  CHECK(one.rule(slices(0, 1001)).verdict == RuleVerdict::missing);
}

TEST_CASE("Verdict: fairness is how far the groups' rates differ") {
  // Selected 50 and 20 of 100; recall 0.8 and 0.5; false positive rate 10/50 and 5/70.
  const JsonRows groups = counts(40, 10, 10, 40, "sex=f") + counts(15, 5, 15, 65, "sex=m");
  const Case one = Case().candidate(counts(55, 15, 25, 105) + groups);
  const std::pair<const char*, double> expected[] = {{"demographic_parity_difference", 0.5 - 0.2},
                                                     {"equal_opportunity_difference", 0.8 - 0.5},
                                                     {"equalized_odds_difference", 0.8 - 0.5}};
  for (const auto& [name, value] : expected) {
    INFO(name);
    CHECK(one.rule(fairness(name, "at_most", 0.31)).verdict == RuleVerdict::pass);
    const RuleResult fail = one.rule(fairness(name, "at_most", 0.29));
    CHECK(fail.verdict == RuleVerdict::fail);
    CHECK(std::fabs(*fail.candidate - value) < 1e-15);
    CHECK(fail.n == 200);
  }
  CHECK(one.rule(fairness("demographic_parity_ratio", "at_least", 0.4)).verdict == RuleVerdict::pass);
  CHECK(one.rule(fairness("demographic_parity_ratio", "at_least", 0.41)).verdict == RuleVerdict::fail);
}

TEST_CASE("Verdict: fairness never passes on groups that cannot be measured") {
  const json rule = fairness("equal_opportunity_difference", "at_most", 1);
  const auto of = [&](const JsonRows& rows) { return Case().candidate(rows).rule(rule); };
  CHECK(of(counts(1, 1, 1, 1, "sex=f") + counts(1, 1, 1, 1, "sex=m")).verdict == RuleVerdict::pass);
  CHECK_THAT(of(counts(1, 1, 1, 1, "sex=f")).explanation, Contains("only one group"));
  CHECK_THAT(of(counts(1, 1, 1, 1, "sex=f") + counts(0, 1, 0, 1, "sex=m")).explanation, Contains("has no rows"));
  CHECK_THAT(of(counts(1, 1, 1, 1, "sex=f") + JsonRows{metric("tp", 1, true, "sex=m")}).explanation,
             Contains("sex=m") && Contains("not all there"));
  for (const JsonRows& rows : {counts(1, 1, 1, 1, "sex=f"), counts(1, 1, 1, 1), JsonRows{metric("tp", 1, true, "sex=f")},
                               counts(1, 1, 1, 1, "sex=f") + counts(-1, 1, 2, 1, "sex=m"), JsonRows{}})
    CHECK(of(rows).verdict == RuleVerdict::missing);
}

TEST_CASE("Verdict: the mean cost, against a number and against the champion") {
  // (2 * 500 + 10 * 20) / 100 = 12, and (3 * 500 + 5 * 20) / 100 = 16.
  const Case one = Case().candidate(counts(8, 10, 2, 80)).champion(counts(7, 5, 3, 85));
  const RuleResult number = one.rule(cost({{"at_most", 11.5}}));
  CHECK(number.verdict == RuleVerdict::fail);
  CHECK(number.candidate == 12);
  CHECK_THAT(number.explanation, Contains("pass 0.5 lower"));
  const Decision both = one.judge({cost({{"at_most", 12}, {"at_most_champion", true}})});
  REQUIRE(both.rules.size() == 2);
  CHECK(both.verdict == DecisionVerdict::promoted);
  CHECK(both.rules[1].champion == 16);
  const Case worse = Case().candidate(counts(7, 5, 3, 85)).champion(counts(8, 10, 2, 80));
  CHECK(worse.rule(cost({{"at_most_champion", true}})).verdict == RuleVerdict::fail);
  CHECK(Case().champion(counts(1, 1, 1, 1)).rule(cost({{"at_most", 1e9}})).verdict == RuleVerdict::missing);
  const RuleResult partial = Case().candidate({metric("fp", 0)}).rule(cost({{"at_most", 1e9}}));
  CHECK(partial.verdict == RuleVerdict::missing);
  CHECK_THAT(partial.explanation, Contains("not all there"));
}

TEST_CASE("Verdict: latency is a metric of the way it was called") {
  const json rule = {{"latency", {{"dataset", "default/holdout@1"}, {"at", "1_row"}, {"p99_ms", 5}}}};
  CHECK(Case().candidate({metric("latency_p99_ms", 4.9, false, "1_row")}).rule(rule).verdict == RuleVerdict::pass);
  CHECK(Case().candidate({metric("latency_p99_ms", 5.1, false, "1_row")}).rule(rule).verdict == RuleVerdict::fail);
  CHECK(Case().candidate({metric("latency_p99_ms", 1, false, "64_rows")}).rule(rule).verdict == RuleVerdict::missing);
}

TEST_CASE("Verdict: the newest drift report of the plugin named counts, within its window") {
  Case one;
  const Digest model = one.facts.candidate.digest;
  CHECK_THAT(one.rule(kDrift).explanation, Contains("assay drift churn@4"));
  one.facts.evidence.push_back(record(drift_report(one.facts.champion->digest, {false})));
  one.facts.evidence.push_back(record(drift_report(model, {false}, "another")));
  CHECK(one.rule(kDrift).verdict == RuleVerdict::missing);
  CHECK_THAT(one.rule(kDrift).explanation, Contains("by another"));
  one.facts.evidence.push_back(record(drift_report(model, {false, true, true})));
  const RuleResult fail = one.rule(kDrift);
  CHECK(fail.verdict == RuleVerdict::fail);
  CHECK(fail.candidate == 2);
  CHECK_THAT(fail.explanation, Contains("c1"));
  one.facts.evidence.push_back(record(drift_report(model, {})));
  CHECK(one.rule(kDrift).verdict == RuleVerdict::missing);
  one.facts.evidence.push_back(record(drift_report(model, {false, false}), kNow - 7 * 24h - 1ms));
  CHECK(one.rule(kDrift).verdict == RuleVerdict::stale);
  one.facts.evidence.push_back(record(drift_report(model, {false, false}), kNow - 7 * 24h));
  CHECK(one.rule(kDrift).verdict == RuleVerdict::pass);
}

TEST_CASE("Verdict: what a revoked plugin measured does not count, whichever rule asks") {
  Case one;
  one.candidate(JsonRows{metric("roc_auc", 0.9), row("region=EU", 0.8)} + counts(1, 1, 1, 1, "sex=f") +
                counts(1, 1, 1, 1, "sex=m") + counts(2, 2, 2, 2) +
                JsonRows{metric("latency_p99_ms", 1, false, "1_row")});
  one.champion(JsonRows{metric("roc_auc", 0.9), row("region=EU", 0.8)} + counts(2, 2, 2, 2));
  one.facts.evidence.push_back(record(drift_report(one.facts.candidate.digest, {false})));
  one.facts.evidence.push_back(record(validation(kHoldout, {})));
  const JsonRows rules = {
      {{"metric", {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"at_least", 0.5}}}},
      {{"champion", {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"margin", 0}}}},
      slices(0),
      fairness("equalized_odds_difference", "at_most", 0),
      cost({{"at_most", 1000}}),
      cost({{"at_most_champion", true}}),
      {{"latency", {{"at", "1_row"}, {"p99_ms", 5}}}},
      kDrift,
      {{"validation", {{"dataset", "default/holdout@1"}, {"severity_below", "error"}}}}};
  const Decision before = one.judge(rules);
  CHECK(before.verdict == DecisionVerdict::promoted);
  for (const Evidence& evidence : one.facts.evidence) one.facts.revoked[evidence.plugin.digest] = "found to be wrong";
  const Decision after = one.judge(rules);
  CHECK(after.verdict == DecisionVerdict::missing_evidence);
  REQUIRE(after.rules.size() == rules.size());
  for (const RuleResult& rule : after.rules) {
    INFO(rule.rule << ": " << rule.explanation);
    CHECK(rule.verdict == RuleVerdict::missing);
    if (rule.kind != RuleKind::validation) CHECK_THAT(rule.explanation, Contains("found to be wrong"));
  }
  CHECK(one.judge({{{"evidence", {{"max_age", "30d"}}}}}).verdict == DecisionVerdict::missing_evidence);
}

TEST_CASE("Verdict: a metric rule may name its evaluator") {
  const Case one = Case().candidate({metric("roc_auc", 0.9)});
  json rule = {{"metric", {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"at_least", 0.5}}}};
  rule["metric"]["evaluator"] = "classification";
  CHECK(one.rule(rule).verdict == RuleVerdict::pass);
  rule["metric"]["evaluator"] = "ours";
  CHECK(one.rule(rule).verdict == RuleVerdict::missing);
  CHECK_THAT(one.rule(rule).explanation, Contains("by classification") && Contains("asks for ours"));
}

TEST_CASE("Verdict: evidence from the future never counts, with an age limit or without") {
  Case one;
  one.facts.evidence.push_back(
      record(evaluation(one.facts.candidate.digest, kHoldout, {metric("roc_auc", 0.9)}), kNow + 24h));
  const RuleResult rule =
      one.rule({{"metric", {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"at_least", 0.5}}}});
  CHECK(rule.verdict == RuleVerdict::stale);
  CHECK_THAT(rule.explanation, Contains("from the future"));
}

TEST_CASE("Verdict: moving by what an explanation says flips the rule") {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> unit(0, 1);
  const std::string flips = "would pass ";
  int tried = 0;
  for (int round = 0; round < 10'000; ++round) {
    const double scale = std::pow(10.0, std::floor(unit(engine) * 12 - 6));
    const double value = unit(engine) * scale, bound = value + (unit(engine) - 0.5) * scale * std::pow(0.1, unit(engine) * 9);
    const bool up = unit(engine) < 0.5;
    const json rule = {{"metric",
                        {{"name", "m"}, {"dataset", "default/holdout@1"}, {up ? "at_least" : "at_most", bound}}}};
    const auto judged = [&](double at) { return Case().candidate({metric("m", at)}).rule(rule); };
    const RuleResult before = judged(value);
    if (before.verdict == RuleVerdict::pass) continue;
    INFO(before.explanation);
    const auto found = before.explanation.find(flips);
    REQUIRE(found != std::string::npos);
    std::istringstream words(before.explanation.substr(found + flips.size()));
    double distance = 0;
    std::string direction;
    REQUIRE((words >> distance >> direction));
    REQUIRE(direction == (up ? "higher" : "lower"));
    const double sign = up ? 1 : -1;
    REQUIRE(judged(value + sign * distance).verdict == RuleVerdict::pass);
    REQUIRE(judged(value + sign * distance * 0.98).verdict == RuleVerdict::fail);
    ++tried;
  }
  CHECK(tried > 1000);
}
