// SPDX-License-Identifier: Apache-2.0
// The policy language: what it accepts, what it refuses and how it says so.
#include <nlohmann/json.hpp>

#include "registry/domain/duration.h"
#include "registry/domain/policy.h"
#include "registry/domain/problem_defaults.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

json document(const JsonRows& rules) {
  return {{"stage", "production"}, {"rules", rules}};
}

std::pair<Code, std::string> refusal(const json& policy) {
  return error_of([&] { Policy::parse(policy); });
}

const json kMetric = {{"metric", {{"name", "roc_auc"}, {"dataset", "holdout@1"}, {"at_least", 0.8}}}};

}  // namespace

TEST_CASE("Policy: a document with every rule kind reads, and reads back the same") {
  const json written = {
      {"stage", "production"},
      {"from", "staging"},
      {"rules",
       {{{"metric",
          {{"name", "roc_auc"}, {"dataset", "holdout@1"}, {"slice", "origin=JFK"}, {"at_least", 0.8}}}},
        {{"metric", {{"name", "log_loss"}, {"dataset", "holdout@1"}, {"at_most", 0.6}}}},
        {{"metric",
          {{"name", "brier"}, {"dataset", "holdout@1"}, {"evaluator", "classification"}, {"at_most", 0.2}}}},
        {{"champion", {{"name", "roc_auc"}, {"dataset", "holdout@1"}, {"margin", -0.005}}}},
        {{"slices",
          {{"name", "recall"}, {"dataset", "holdout@1"}, {"by", "region"}, {"no_worse_than", -0.02}, {"min_rows", 50}}}},
        {{"fairness",
          {{"metric", "equal_opportunity_difference"}, {"dataset", "holdout@1"}, {"group", "sex"}, {"at_most", 0.1}}}},
        {{"cost",
          {{"matrix", {{"tp", 0}, {"fp", 20}, {"fn", 500}, {"tn", 0}}},
           {"dataset", "holdout@1"},
           {"at_most", 35},
           {"at_most_champion", true}}}},
        {{"latency", {{"dataset", "holdout@1"}, {"at", "1_row"}, {"p99_ms", 5}}}},
        {{"drift", {{"plugin", "drift"}, {"window", "1w"}, {"verdict", "none"}}}},
        {{"validation", {{"dataset", "train@1"}, {"severity_below", "error"}}}},
        {{"evidence", {{"max_age", "30d"}, {"level", "reported"}}}}}}};
  const Policy policy = Policy::parse(written);
  CHECK(json(policy) == written);
  CHECK(Policy::parse(json::parse(policy.canonical())) == policy);
  CHECK(policy.digest() == Digest::of(policy.canonical()));
  CHECK(policy.requirements().size() == 14);  // from, each rule, and two for cost, two for evidence
}

TEST_CASE("Policy: an unknown rule is named with its place and the nearest known one") {
  const auto [code, message] = refusal(document({kMetric, {{"metrics", json::object()}}}));
  CHECK(code == Code::invalid_argument);
  CHECK_THAT(message, Contains("rules[1]") && Contains("\"metrics\"") && Contains("did you mean \"metric\""));
}

TEST_CASE(
    "Policy: an unknown key is named with its place and the nearest known one, before any missing one") {
  const auto [code, message] =
      refusal(document({{{"champion", {{"name", "roc_auc"}, {"dataset", "holdout@1"}, {"margn", 0}}}}}));
  CHECK(code == Code::invalid_argument);
  CHECK_THAT(message,
             Contains("rules[0].champion") && Contains("\"margn\"") && Contains("did you mean \"margin\""));
  const auto top = refusal({{"stage", "production"}, {"form", "staging"}, {"rules", json::array()}});
  CHECK_THAT(top.second, Contains("\"form\"") && Contains("did you mean \"from\""));
}

TEST_CASE("Policy: signatures and pickles are asked for in words that read back as they were") {
  const json whole = document({{{"artifact", {{"no_pickle", true}, {"signed_by", {"release-key", "CI"}}}}}});
  const Policy policy = Policy::parse(whole);
  CHECK(json::parse(policy.canonical()) == whole);
  const auto requirements = policy.requirements();
  REQUIRE(requirements.size() == 2);
  CHECK(requirements[0].rule == "no pickles");
  CHECK(requirements[1].rule == "a signature by release-key or CI");
  for (const json& bad : {json{{"no_pickle", "yes"}}, json{{"no_pickle", false}}, json{{"signed_by", "release-key"}},
                          json{{"signed_by", json::array()}}, json{{"signed_by", {1}}}, json{{"signed_by", {"a b"}}}}) {
    CAPTURE(bad.dump());
    CHECK(refusal(document({{{"artifact", bad}}})).first == Code::invalid_argument);
  }
  CHECK(refusal(document({{{"artifact", {{"signed_by", std::vector<std::string>(17, "k")}}}}})).first == Code::too_large);
}

TEST_CASE("Policy: what holds back whatever the evidence says reads back as it was") {
  json whole = document({{{"problem", "required"}}, {{"artifact", {{"card", "required"}, {"lineage", "complete"}}}}});
  whole["approvals"] = {{"count", 2}, {"role", "promoter"}, {"author_may_not", true}};
  whole["freeze"] = {"Fri 16:00/Mon 08:00 Europe/Berlin"};
  const Policy policy = Policy::parse(whole);
  CHECK(json::parse(policy.canonical()) == whole);
  CHECK(Policy::parse(whole) == policy);
  CHECK(policy.requirements().size() == 3);
  whole["approvals"]["count"] = 3;
  CHECK(Policy::parse(whole).digest() != policy.digest());
  for (const json& bad : {json{{"count", 0}}, json{{"count", 17}}, json{{"count", 1}, {"role", "reader"}},
                          json{{"count", 1}, {"rôle", "admin"}}, json::object()}) {
    whole["approvals"] = bad;
    CAPTURE(bad.dump());
    CHECK(refusal(whole).first == Code::invalid_argument);
  }
  CHECK(refusal(document({{{"problem", "optional"}}})).first == Code::invalid_argument);
  CHECK(refusal(document({{{"artifact", json::object()}}})).first == Code::invalid_argument);
  CHECK(refusal(document({{{"artifact", {{"card", "optional"}}}}})).first == Code::invalid_argument);
}

TEST_CASE("Policy: rules that test read back as they were, with what they left out") {
  const Policy policy = Policy::parse(document(
      {kMetric,
       {{"champion",
         {{"name", "recall"}, {"dataset", "holdout@1"}, {"margin", 0}, {"test", "paired_bootstrap"}, {"min_rows", 500}}}},
       {{"slices", {{"name", "recall"}, {"by", "region"}, {"no_worse_than", -0.02}, {"correction", "holm"}}}},
       {{"baseline", {{"beats", "baseline"}, {"confidence", 0.99}}}}}));
  CHECK(Policy::parse(json::parse(policy.canonical())) == policy);
  CHECK(std::get<ChampionRule>(policy.rules()[1]).confidence == 0.95);
  CHECK(std::get<BaselineRule>(policy.rules()[3]).name == "roc_auc");
  CHECK(std::get<BaselineRule>(policy.rules()[3]).dataset.reference == "holdout@1");
  const auto requirements = policy.requirements();
  CHECK(requirements[1].field == "recall:paired_bootstrap");
  CHECK(requirements[1].key->kind == EvidenceKind::comparison);
  CHECK(requirements[3].comparator == Comparator::above);
}

TEST_CASE("Policy: keys of a test that mean nothing, or no test that there is, are refused") {
  const std::pair<json, const char*> bad[] = {
      {{{"champion", {{"name", "a"}, {"dataset", "h"}, {"margin", 0}, {"confidence", 0.9}}}}, "without test"},
      {{{"champion", {{"name", "a"}, {"dataset", "h"}, {"margin", 0}, {"test", "student"}}}}, "mcnemar"},
      {{{"champion", {{"name", "a"}, {"dataset", "h"}, {"margin", 0}, {"test", "delong"}, {"confidence", 95}}}},
       "from 0.5"},
      {{{"slices", {{"name", "a"}, {"dataset", "h"}, {"by", "c"}, {"no_worse_than", 0}, {"test", "delong"}}}},
       "holm"},
      {{{"slices", {{"name", "a"}, {"dataset", "h"}, {"by", "c"}, {"no_worse_than", 0}, {"correction", "none"}}}},
       "only be holm"},
      {{{"baseline", {{"beats", "baseline"}, {"dataset", "h"}}}}, "add \"name\""},
      {{{"baseline", {{"name", "a"}, {"dataset", "h"}}}}, "beats"}};
  for (const auto& [rule, words] : bad) {
    INFO(rule.dump());
    const auto [code, message] = refusal(document({rule}));
    CHECK(code == Code::invalid_argument);
    CHECK_THAT(message, Contains(words));
  }
}

TEST_CASE("Policy: rules without a dataset get that of the first rule that names one") {
  const json cost = {{"cost", {{"matrix", {{"fp", 1}, {"fn", 5}}}, {"at_most_champion", true}}}};
  const json latency = {{"latency", {{"at", "1_row"}, {"p99_ms", 5}}}};
  const Policy policy = Policy::parse(document({cost, kMetric, latency}));
  CHECK(std::get<CostRule>(policy.rules()[0]).dataset.reference == "holdout@1");
  CHECK(std::get<LatencyRule>(policy.rules()[2]).dataset.reference == "holdout@1");
  CHECK(Policy::parse(json::parse(policy.canonical())) == policy);
  const auto [code, message] = refusal(document({cost}));
  CHECK(code == Code::invalid_argument);
  CHECK_THAT(message, Contains("rules[0]") && Contains("add \"dataset\""));
}

TEST_CASE("Policy: values of a wrong type or range are refused with their place") {
  const json bad[] = {
      document({{{"metric", {{"name", "a"}, {"dataset", "h"}}}}}),
      document({{{"metric", {{"name", "a"}, {"dataset", "h"}, {"at_least", 1}, {"at_most", 2}}}}}),
      document({{{"metric", {{"name", "a"}, {"dataset", "h"}, {"at_least", "0.8"}}}}}),
      document({{{"metric", {{"name", ""}, {"dataset", "h"}, {"at_least", 1}}}}}),
      document({{{"metric", {{"dataset", "h"}, {"at_least", 1}}}}}),
      document({{{"validation", {{"dataset", "h"}, {"severity_below", "fatal"}}}}}),
      document({{{"slices", {{"name", "a"}, {"dataset", "h"}, {"by", ""}, {"no_worse_than", 0}}}}}),
      document({{{"slices", {{"name", "a"}, {"dataset", "h"}, {"by", "c"}}}}}),
      document({{{"slices",
                  {{"name", "a"}, {"dataset", "h"}, {"by", "c"}, {"no_worse_than", 0}, {"min_rows", -1}}}}}),
      document({{{"fairness", {{"metric", "kindness"}, {"dataset", "h"}, {"group", "g"}, {"at_most", 0}}}}}),
      document({{{"fairness",
                  {{"metric", "demographic_parity_ratio"}, {"dataset", "h"}, {"group", "g"}}}}}),
      document({{{"cost", {{"matrix", {{"fp", 1}, {"fn", 2}}}, {"dataset", "h"}}}}}),
      document({{{"cost", {{"matrix", {{"fp", 1}}}, {"dataset", "h"}, {"at_most", 1}}}}}),
      document({{{"cost", {{"matrix", {{"fp", 1}, {"fn", 2}, {"fx", 3}}}, {"dataset", "h"}, {"at_most", 1}}}}}),
      document({{{"latency", {{"dataset", "h"}, {"at", "1_row"}}}}}),
      document({{{"latency", {{"dataset", "h"}, {"at", "1_row"}, {"p50_ms", 1}, {"p99_ms", 2}}}}}),
      document({{{"drift", {{"plugin", "drift"}}}}}),
      document({{{"drift", {{"plugin", "drift"}, {"window", "7d"}, {"verdict", "some"}}}}}),
      document({{{"evidence", json::object()}}}),
      document({{{"evidence", {{"max_age", "soon"}}}}}),
      document({{{"evidence", {{"level", "sworn"}}}}}),
      document({json::object()}),
      document({{{"metric", 1}}}),
      document({"metric"}),
      {{"rules", json::array()}},
      {{"stage", "production"}},
      {{"stage", "latest"}, {"rules", json::array()}},
      {{"stage", "production"}, {"from", "Production"}, {"rules", json::array()}},
      json::array()};
  for (const json& policy : bad) {
    INFO(policy.dump());
    CHECK(refusal(policy).first == Code::invalid_argument);
  }
}

TEST_CASE("Policy: the limit of rules holds, and one more is too many") {
  json rules = json::array();
  for (std::size_t i = 0; i < Policy::kMaxRules; ++i) rules.push_back(kMetric);
  CHECK(Policy::parse(document(rules)).rules().size() == Policy::kMaxRules);
  rules.push_back(kMetric);
  CHECK(refusal(document(rules)).first == Code::too_large);
}

TEST_CASE("Policy: spans of time read and write in the largest unit that fits") {
  CHECK(format_duration(parse_duration("30d")) == "30d");
  CHECK(format_duration(parse_duration("48h")) == "2d");
  CHECK(format_duration(parse_duration("90s")) == "90s");
  CHECK(format_duration(parse_duration("14d")) == "2w");
  CHECK(rough_duration(parse_duration("36h")) == "1.5d");
  CHECK(parse_duration("36500d") == std::chrono::hours(36500 * 24));
  for (const char* bad : {"", "d", "0d", "-1d", "1.5d", "1y", "30 d", "36501d", "99999999999999999999d"})
    CHECK(error_of([&] { parse_duration(bad); }).first == Code::invalid_argument);
}

namespace {

Problem churn_problem() {
  return Problem::parse({{"target", "late"},
                         {"unit", "a flight"},
                         {"primary_metric", "roc_auc"},
                         {"owner", "ana"},
                         {"margin", -0.01},
                         {"cost_matrix", {{"fn", 5}, {"fp", 1}}},
                         {"guardrails", {{{"name", "recall"}, {"at_least", 0.6}}, {{"name", "log_loss"}, {"at_most", 0.7}}}}});
}

json filled(const JsonRows& rules, const std::optional<Problem>& problem = churn_problem()) {
  return json(Policy::parse(with_problem(document(rules), problem, "churn"))).at("rules");
}

}  // namespace

TEST_CASE("Policy: what it leaves out is taken from the model's problem, and what it says stays") {
  const json on = {{"dataset", "holdout@1"}};
  const auto rule = [&](const char* kind, json body) {
    body.update(on);
    return json{{kind, body}};
  };
  const json rules = filled({rule("metric", {{"at_least", 0.8}}), rule("champion", json::object()),
                             rule("champion", {{"name", "recall"}, {"margin", 0}}),
                             rule("champion", {{"name", "roc_auc"}, {"margin", 0.5}}),
                             rule("slices", {{"by", "region"}, {"no_worse_than", -0.02}}),
                             rule("cost", {{"at_most", 3}}), rule("guardrails", json::object())});
  REQUIRE(rules.size() == 8);
  CHECK(rules[0]["metric"]["name"] == "roc_auc");
  CHECK(rules[1]["champion"]["margin"] == -0.01);
  CHECK(rules[2]["champion"]["name"] == "recall");
  CHECK(rules[3]["champion"]["margin"] == 0.5);
  CHECK(rules[4]["slices"]["name"] == "roc_auc");
  CHECK(rules[5]["cost"]["matrix"]["fn"] == 5);
  CHECK(rules[6] == json{{"metric", {{"name", "recall"}, {"dataset", "holdout@1"}, {"at_least", 0.6}}}});
  CHECK(rules[7] == json{{"metric", {{"name", "log_loss"}, {"dataset", "holdout@1"}, {"at_most", 0.7}}}});
}

TEST_CASE("Policy: without a problem, or with one that is silent, it is told what to give") {
  const auto refusal_of = [&](const JsonRows& rules, const std::optional<Problem>& problem) {
    return error_of([&] { filled(rules, problem); });
  };
  const json metric = {{"metric", {{"dataset", "holdout@1"}, {"at_least", 0.8}}}};
  CHECK_THAT(refusal_of({metric}, std::nullopt).second, Contains("rules[0].metric has no name") && Contains("assay problem set"));
  Problem silent = churn_problem();
  silent.cost_matrix.reset();
  silent.guardrails.clear();
  CHECK_THAT(refusal_of({metric, {{"cost", {{"dataset", "holdout@1"}, {"at_most", 1}}}}}, silent).second,
             Contains("rules[1].cost takes its cost_matrix"));
  CHECK_THAT(refusal_of({{{"guardrails", {{"dataset", "holdout@1"}}}}}, silent).second, Contains("which has none"));
  CHECK(refusal_of({{{"champion", {{"name", "recall"}, {"dataset", "holdout@1"}}}}}, churn_problem()).first ==
        Code::invalid_argument);  // no margin for another metric
  for (const json& wrong : {json(), json(3), json{{"rules", 3}}, json{{"rules", {3, json{{"metric", 4}}}}}})
    CHECK(with_problem(wrong, std::nullopt, "churn") == wrong);
}
