// SPDX-License-Identifier: Apache-2.0
// The verdict of the rules that rest on a comparison: champion with a test, slices with a correction, baseline.
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "registry/domain/normal.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/contest.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

const Digest kBaseline = Digest::of("the trivial model");

json lead(double value, const json& low, const json& high, int n = 1000, const std::string& slice = "",
          const std::string& name = "roc_auc:delong") {
  json row = metric(name, value, true, slice);
  row["ci_low"] = low;
  row["ci_high"] = high;
  row["n"] = n;
  return row;
}

json comparison(const Digest& model, const Digest& reference, const JsonRows& rows, const json& confidence = 0.95) {
  json document = evaluation(model, kHoldout, rows);
  document["kind"] = "comparison";
  document["reference_digest"] = reference.text();
  document["config"] = {{"confidence", confidence}};
  return document;
}

struct Case : Contest {
  Case& compared(const JsonRows& rows, const json& confidence = 0.95) {
    facts.evidence.push_back(record(comparison(facts.candidate.digest, facts.champion->digest, rows, confidence)));
    return *this;
  }
  Case& with_baseline(const JsonRows& rows) {
    facts.trained_by[kBaseline] = "baseline";
    facts.evidence.push_back(record(comparison(facts.candidate.digest, kBaseline, rows)));
    return *this;
  }
};

json champion(double margin, const json& more = json::object()) {
  json rule = {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"margin", margin}, {"test", "delong"}};
  rule.update(more);
  return {{"champion", rule}};
}
json slices(double margin, const json& more = json::object()) {
  json rule = {{"name", "recall"},       {"dataset", "default/holdout@1"}, {"by", "region"},
               {"no_worse_than", margin}, {"correction", "holm"}};
  rule.update(more);
  return {{"slices", rule}};
}
json baseline(const json& more = json::object()) {
  json rule = {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"beats", "baseline"}, {"test", "delong"}};
  rule.update(more);
  return {{"baseline", rule}};
}
json slice(const std::string& name, double value, double half, int n = 300) {
  return lead(value, value - half, value + half, n, "region=" + name, "recall:paired_bootstrap");
}

}  // namespace

TEST_CASE("Verdict: a tested champion rule holds the worse end of the interval against the margin") {
  const Case one = Case().compared({lead(0.02, 0.01, 0.03)});
  CHECK(one.rule(champion(0.01)).verdict == RuleVerdict::pass);
  const RuleResult fail = one.rule(champion(0.011));
  CHECK(fail.verdict == RuleVerdict::fail);
  CHECK(fail.candidate == 0.01);
  CHECK_FALSE(fail.champion);
  CHECK(fail.bound == 0.011);
  CHECK(fail.margin == 0.011);
  CHECK(fail.n == 1000);
  CHECK(fail.evidence.size() == 1);
  CHECK_THAT(fail.explanation, Contains("better than that of the champion churn@3 by 0.02") && Contains("95 %") &&
                                   Contains("pass 0.001 higher") && Contains("margin of 0.01"));
  json turned = lead(-0.02, -0.03, -0.01);
  turned["higher_is_better"] = false;
  CHECK(Case().compared({turned}).rule(champion(0.01)).candidate == 0.01);
  CHECK(Case().compared({turned}).rule(champion(0.011)).verdict == RuleVerdict::fail);
}

TEST_CASE("Verdict: a comparison with another champion, by another test or of too little confidence is missing") {
  const json good = comparison(Contest().facts.candidate.digest, Contest().facts.champion->digest,
                               {lead(0.2, 0.1, 0.3)});
  const auto judged = [&](json document, const json& more = json::object()) {
    Case one;
    one.facts.evidence.push_back(record(document));
    return one.rule(champion(0, more));
  };
  CHECK(judged(good).verdict == RuleVerdict::pass);
  CHECK(judged(good, {{"confidence", 0.9}}).verdict == RuleVerdict::pass);
  struct Spoilt {
    const char* pointer;
    json value;
    const char* says;
  };
  const Spoilt spoilt[] = {{"/reference_digest", Digest::of("an earlier champion").text(), "there is no comparison"},
                           {"/model_digest", Digest::of("another candidate").text(), "there is no comparison"},
                           {"/dataset_digest", Digest::of("other rows").text(), "there is no comparison"},
                           {"/rows/0/name", "roc_auc:paired_bootstrap", "has no roc_auc:delong"},
                           {"/rows/0/name", "roc_auc:delongs", "did you mean \"roc_auc:delongs\""},
                           {"/rows/0/slice", "region=EU", "has no roc_auc:delong"},
                           {"/slice", "region=EU", "has no roc_auc:delong"},
                           {"/config/confidence", 0.9, "has intervals of 0.9"},
                           {"/config/confidence", "high", "does not say"},
                           {"/config/confidence", 95, "does not say"},
                           {"/config", json::object(), "does not say"}};
  for (const Spoilt& it : spoilt) {
    INFO(it.pointer << " " << it.value);
    json document = good;
    document[json::json_pointer(it.pointer)] = it.value;
    const RuleResult rule = judged(document);
    CHECK(rule.verdict == RuleVerdict::missing);
    CHECK_THAT(rule.explanation,
               Contains("assay evaluate churn@4 --against churn@3 --data default/holdout@1 --set confidence=0.95") &&
                   Contains(it.says));
  }
  CHECK(judged(good, {{"confidence", 0.99}}).verdict == RuleVerdict::missing);
  CHECK_THAT(judged(good, {{"confidence", 0.99}}).explanation, Contains("--set confidence=0.99"));
  CHECK_THAT(judged(good, {{"slice", "region=EU"}}).explanation, Contains("--by region"));
}

TEST_CASE("Verdict: a comparison on few rows, without a number, too old or revoked never passes") {
  CHECK(Case().compared({lead(0.2, 0.1, 0.3, 499)}).rule(champion(0, {{"min_rows", 500}})).verdict ==
        RuleVerdict::missing);
  CHECK(Case().compared({lead(0.2, 0.1, 0.3, 500)}).rule(champion(0, {{"min_rows", 500}})).verdict ==
        RuleVerdict::pass);
  CHECK(Case().compared({lead(0.2, json(), json())}).rule(champion(-1)).verdict == RuleVerdict::missing);
  CHECK(Case().compared({lead(0.2, 0.1, json())}).rule(champion(-1)).verdict == RuleVerdict::missing);
  json none = lead(0.2, 0.1, 0.3);
  none["value"] = nullptr;
  CHECK(Case().compared({none}).rule(champion(-1)).verdict == RuleVerdict::missing);
  // An interval that does not hold its own value is none.
  CHECK(Case().compared({lead(0.2, 0.3, 0.4)}).rule(champion(-1)).verdict == RuleVerdict::missing);
  // Of records about the same thing the last one counts, also when it has no value.
  CHECK(Case().compared({lead(0.2, 0.1, 0.3)}).compared({none}).rule(champion(0)).verdict == RuleVerdict::missing);

  Case one;
  one.facts.evidence.push_back(
      record(comparison(one.facts.candidate.digest, one.facts.champion->digest, {lead(0.2, 0.1, 0.3)}), kNow - 31 * 24h));
  CHECK(one.rule(champion(0)).verdict == RuleVerdict::pass);
  const JsonRows monthly = {champion(0), {{"evidence", {{"max_age", "30d"}}}}};
  CHECK(one.judge(monthly).rules[0].verdict == RuleVerdict::stale);
  const JsonRows attested = {champion(0), {{"evidence", {{"level", "attested"}}}}};
  CHECK(one.judge(attested).rules[0].verdict == RuleVerdict::missing);
  one.facts.revoked[one.facts.evidence[0].plugin.digest] = "found to be wrong";
  CHECK_THAT(one.rule(champion(0)).explanation, Contains("found to be wrong"));
  CHECK(one.rule(champion(0)).verdict == RuleVerdict::missing);

  Case same;
  same.facts.champion->digest = same.facts.candidate.digest;
  CHECK(same.compared({lead(0.2, 0.1, 0.3)}).rule(champion(-1)).verdict == RuleVerdict::missing);
  CHECK(same.rule(champion(-1)).needs.empty());

  Case first;
  first.facts.champion.reset();
  CHECK(first.rule(champion(0.5)).verdict == RuleVerdict::pass);
}

TEST_CASE("Verdict: an untested champion rule too may ask for rows") {
  Case one;
  one.measured(one.facts.candidate.digest, {metric("roc_auc", 0.9)});
  one.measured(one.facts.champion->digest, {metric("roc_auc", 0.8)});
  json rule = {{"champion", {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"margin", 0}, {"min_rows", 1000}}}};
  CHECK(one.rule(rule).verdict == RuleVerdict::pass);
  rule["champion"]["min_rows"] = 1001;
  CHECK(one.rule(rule).verdict == RuleVerdict::missing);
}

TEST_CASE("Verdict: corrected slices fail only where chance is no excuse, even among so many") {
  // One slice of 20 looks worse: by 2 standard errors, of which one in 20 does without any difference.
  JsonRows rows;
  for (int i = 0; i < 20; ++i) rows.push_back(slice(std::to_string(i), i == 7 ? -0.02 : 0.01, 0.0196));
  CHECK(Case().compared(rows).rule(slices(0)).verdict == RuleVerdict::pass);
  CHECK(Case().compared({slice("7", -0.02, 0.0196)}).rule(slices(0)).verdict == RuleVerdict::fail);
  rows[7] = slice("7", -0.05, 0.0196);
  const RuleResult fail = Case().compared(rows).rule(slices(0));
  CHECK(fail.verdict == RuleVerdict::fail);
  CHECK_THAT(fail.explanation, Contains("worst of 20 slice(s)") && Contains("region=7") && Contains("by 0.05"));
  CHECK(fail.n == 300);
  CHECK(std::fabs(*fail.candidate - (-0.05 + 0.01 * normal_quantile(0.05 / 20))) < 1e-6);
  rows[3] = slice("3", -0.045, 0.0196);
  CHECK_THAT(Case().compared(rows).rule(slices(0)).explanation, Contains("worse as well: region=3"));
  CHECK(Case().compared(rows).rule(slices(-0.04)).verdict == RuleVerdict::pass);
}

TEST_CASE("Verdict: a corrected slice without a number is missing, and small ones are not judged") {
  const JsonRows good = {slice("EU", 0.1, 0.01), slice("US", 0.1, 0.01)};
  CHECK(Case().compared(good).rule(slices(0)).verdict == RuleVerdict::pass);
  JsonRows bad = good;
  bad.push_back(lead(0.1, json(), json(), 20, "region=MC", "recall:paired_bootstrap"));
  const RuleResult missing = Case().compared(bad).rule(slices(-1));
  CHECK(missing.verdict == RuleVerdict::missing);
  CHECK_THAT(missing.explanation, Contains("region=MC") && Contains("--by region"));
  CHECK(Case().compared(bad).rule(slices(0, {{"min_rows", 100}})).verdict == RuleVerdict::pass);
  CHECK(Case().compared(bad).rule(slices(0, {{"min_rows", 301}})).verdict == RuleVerdict::missing);
  CHECK(Case().compared({lead(0.1, 0, 0.2)}).rule(slices(-1)).verdict == RuleVerdict::missing);
  CHECK(Case().rule(slices(-1)).verdict == RuleVerdict::missing);
}

TEST_CASE("Verdict: Holm's correction raises a false alarm no more often than its level, one test each far oftener") {
  constexpr int kRounds = 2000, kSlices = 12;
  std::mt19937_64 random(20137);
  std::normal_distribution<double> normal;
  int corrected = 0, uncorrected = 0;
  for (int round = 0; round < kRounds; ++round) {
    JsonRows rows;
    bool any = false;
    for (int i = 0; i < kSlices; ++i) {
      const double at = 0.01 * normal(random);
      any = any || at < -0.01 * normal_quantile(0.05);
      rows.push_back(slice(std::to_string(i), at, 0.01 * normal_quantile(0.025)));
    }
    corrected += Case().compared(rows).rule(slices(0)).verdict == RuleVerdict::fail ? 1 : 0;
    uncorrected += any ? 1 : 0;
  }
  INFO(corrected << " and " << uncorrected << " of " << kRounds);
  CHECK(corrected <= kRounds * (0.05 + 3 * std::sqrt(0.05 * 0.95 / kRounds)));
  CHECK(corrected > 0);
  CHECK(uncorrected > kRounds * 0.4);
}

TEST_CASE("Verdict: a baseline is beaten beyond luck or not at all") {
  CHECK(Case().with_baseline({lead(0.2, 0.1, 0.3)}).rule(baseline()).verdict == RuleVerdict::pass);
  const RuleResult tied = Case().with_baseline({lead(0, 0, 0)}).rule(baseline());
  CHECK(tied.verdict == RuleVerdict::fail);
  CHECK(tied.comparator == Comparator::above);
  CHECK_THAT(tied.explanation, Contains("a model that baseline trained") && Contains("anywhere above"));
  CHECK(Case().with_baseline({lead(0.2, -0.01, 0.3)}).rule(baseline()).verdict == RuleVerdict::fail);

  const RuleResult none = Case().compared({lead(0.2, 0.1, 0.3)}).rule(baseline());
  CHECK(none.verdict == RuleVerdict::missing);
  CHECK_THAT(none.explanation, Contains("--against MODEL") && Contains("assay train --plugin baseline"));
  Case other = Case().with_baseline({lead(0.2, 0.1, 0.3)});
  CHECK(other.rule(baseline({{"beats", "linear"}})).verdict == RuleVerdict::missing);
  other.facts.champion.reset();  // the trivial model is there to be beaten without a champion too
  CHECK(other.rule(baseline()).verdict == RuleVerdict::pass);
  // A candidate that the plugin trained itself is not its own baseline.
  Case own;
  own.facts.trained_by[own.facts.candidate.digest] = "baseline";
  own.facts.evidence.push_back(
      record(comparison(own.facts.candidate.digest, own.facts.candidate.digest, {lead(0.2, 0.1, 0.3)})));
  CHECK(own.rule(baseline()).verdict == RuleVerdict::missing);
}

TEST_CASE("Verdict: a rule without evidence says what would be evidence, and reads back so") {
  const json untested = {{"champion", {{"name", "roc_auc"}, {"dataset", "default/holdout@1"}, {"margin", 0}}}};
  const json of_slice = {
      {"metric", {{"name", "recall"}, {"dataset", "default/holdout@1"}, {"slice", "region=EU"}, {"at_least", 0}}}};
  const json checked = {{"validation", {{"dataset", "default/holdout@1"}, {"severity_below", "error"}}}};
  Case one;
  const Decision decision = one.judge({untested, champion(0, {{"confidence", 0.99}}), slices(0), baseline(), of_slice,
                                       checked});
  std::vector<std::string> commands;
  for (const RuleResult& rule : decision.rules)
    for (const Need& need : rule.needs) commands.push_back(command(need));
  CHECK(commands ==
        std::vector<std::string>{
            "assay evaluate churn@4 --data default/holdout@1", "assay evaluate churn@3 --data default/holdout@1",
            "assay evaluate churn@4 --against churn@3 --data default/holdout@1 --set confidence=0.99",
            "assay evaluate churn@4 --against churn@3 --data default/holdout@1 --set confidence=0.95 --by region",
            "assay evaluate churn@4 --against MODEL --data default/holdout@1 --set confidence=0.95, where MODEL comes "
            "from assay train --plugin baseline",
            "assay evaluate churn@4 --data default/holdout@1 --by region", "assay validate default/holdout@1"});
  CHECK(decision_from_json(json::parse(json(decision).dump())) == decision);
  one.facts.namespace_ = "fraud";
  CHECK_THAT(one.rule(champion(0)).explanation, Contains("evaluate fraud/churn@4 --against fraud/churn@3"));
  CHECK(one.compared({lead(0.2, 0.1, 0.3)}).rule(champion(0)).needs.empty());
}

TEST_CASE("Verdict: on random comparisons a tested rule passes exactly when a fresh, like one says so") {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 engine(seed);
  const auto below = [&](int limit) { return static_cast<int>(engine() % static_cast<unsigned>(limit)); };
  int passed = 0;
  for (int round = 0; round < 5000; ++round) {
    Contest one;
    const double margin = (below(5) - 2) / 10.0, asked = below(2) == 0 ? 0.9 : 0.95;
    const int min_rows = below(3) * 100;
    bool expected = false;
    for (int i = below(4); i > 0; --i) {
      const Digest model = below(5) == 0 ? Digest::of("x") : one.facts.candidate.digest;
      const Digest reference = below(5) == 0 ? Digest::of("y") : one.facts.champion->digest;
      const double confidence = below(3) == 0 ? 0.8 : below(2) == 0 ? 0.9 : 0.99;
      const double low = (below(9) - 4) / 10.0;
      const int n = 50 + below(4) * 100, hours = below(20);
      const bool named = below(6) != 0, finite = below(6) != 0, up = below(2) == 0;
      json row = lead(up ? low + 0.1 : -low - 0.1, up ? json(low) : json(-low - 0.2),
                      finite ? (up ? json(low + 0.2) : json(-low)) : json(), n, "",
                      named ? "roc_auc:delong" : "roc_auc");
      row["higher_is_better"] = up;
      one.facts.evidence.push_back(record(comparison(model, reference, {row}, confidence), kNow - hours * 1h));
      if (model == one.facts.candidate.digest && reference == one.facts.champion->digest && named &&
          confidence >= asked)  // the newest that can answer decides
        expected = finite && hours <= 10 && n >= min_rows && (up ? low : -(-low)) >= margin;
    }
    const Decision decision = one.judge({champion(margin, {{"confidence", asked}, {"min_rows", min_rows}}),
                                         {{"evidence", {{"max_age", "10h"}}}}});
    INFO("round " << round << ": " << decision.rules[0].explanation);
    REQUIRE((decision.rules[0].verdict == RuleVerdict::pass) == expected);
    REQUIRE(decision_from_json(json::parse(json(decision).dump())) == decision);
    passed += expected ? 1 : 0;
  }
  CHECK(passed > 100);
}
