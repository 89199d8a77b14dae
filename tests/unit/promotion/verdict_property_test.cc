// SPDX-License-Identifier: Apache-2.0
// Random policies on random evidence: what is missing, not a number, stale or unlike never passes. An
// independent, slow reading of the rules stands beside the judge.
#include <nlohmann/json.hpp>
#include <random>

#include "tests/support/catch.h"
#include "tests/unit/promotion/contest.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const Duration kMaxAge = 10h;

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  int below(int limit) { return static_cast<int>(engine_() % static_cast<unsigned>(limit)); }
  bool one_in(int chances) { return below(chances) == 0; }

 private:
  std::mt19937 engine_;
};

std::string dataset_name(int i) {
  return "default/data-" + std::to_string(i) + "@1";
}
Digest dataset_digest(const std::string& reference) {
  return Digest::of(reference);
}

json random_value(Dice& dice) {
  return dice.one_in(5) ? json() : json(dice.below(10) / 10.0);
}

Evidence random_evidence(Dice& dice, const Facts& facts) {
  const Digest model = dice.one_in(2) || !facts.champion ? facts.candidate.digest : facts.champion->digest;
  json document = evaluation(model, dataset_digest(dataset_name(dice.below(2))), {});
  for (const char* name : {"auc", "loss"})
    if (!dice.one_in(4)) document["rows"].push_back(metric(name, random_value(dice), name[0] == 'a'));
  if (dice.one_in(4)) document["seed"] = 8;
  if (dice.one_in(4)) document["config"] = {{"threshold", 0.4}};
  if (dice.one_in(4)) document["plugin"]["digest"] = Digest::of("another").text();
  if (dice.one_in(6)) document["slice"] = "some";
  return record(document, kNow - std::chrono::hours(dice.below(16)));
}

Policy random_policy(Dice& dice) {
  json rules = json::array();
  for (int i = dice.below(4); i >= 0; --i) {
    const char* name = dice.one_in(2) ? "auc" : "loss";
    const std::string dataset = dataset_name(dice.below(2));
    const double number = dice.below(10) / 10.0;
    if (dice.one_in(2))
      rules.push_back({{"champion", {{"name", name}, {"dataset", dataset}, {"margin", number - 0.6}}}});
    else
      rules.push_back(
          {{"metric",
            {{"name", name}, {"dataset", dataset}, {dice.one_in(2) ? "at_least" : "at_most", number}}}});
  }
  if (dice.one_in(2)) rules.push_back({{"evidence", {{"max_age", "10h"}}}});
  return Policy::parse({{"stage", "production"}, {"rules", rules}}).resolved([](const PolicyDataset& named) {
    return PolicyDataset{named.reference, dataset_digest(named.reference)};
  });
}

const MetricRow* row_of(const Evidence& evidence, const std::string& name) {
  for (const MetricRow& row : std::get<std::vector<MetricRow>>(evidence.rows))
    if (row.name == name && row.slice.empty() && evidence.slice.empty()) return &row;
  return nullptr;
}

bool usable(const Policy& policy, const Evidence& evidence, const Digest& model, const EvidenceKey& key,
            const std::string& name) {
  const MetricRow* row = row_of(evidence, name);
  const bool fresh = !policy.freshness().max_age || kNow - evidence.created_at <= kMaxAge;
  return evidence.model == model && evidence.dataset == *key.dataset && row != nullptr && row->value && fresh;
}

bool like(const Evidence& a, const Evidence& b) {
  return a.plugin == b.plugin && a.config == b.config && a.seed == b.seed && a.slice == b.slice &&
         a.dataset == b.dataset;
}

// Whether anything on record could let the rule pass: a necessary condition, found by trying every record.
bool could_pass(const Policy& policy, const Facts& facts, const Requirement& requirement) {
  for (const Evidence& one : facts.evidence) {
    if (!usable(policy, one, facts.candidate.digest, *requirement.key, requirement.field)) continue;
    const double value = *row_of(one, requirement.field)->value;
    if (requirement.kind == RuleKind::metric) {
      if (requirement.comparator == Comparator::at_least ? value >= requirement.bound
                                                         : value <= requirement.bound)
        return true;
      continue;
    }
    const double sign = requirement.field == "auc" ? 1 : -1;
    for (const Evidence& other : facts.evidence)
      if (usable(policy, other, facts.champion->digest, *requirement.key, requirement.field) &&
          like(one, other) &&
          sign * (value - *row_of(other, requirement.field)->value) >= requirement.bound - 1e-12)
        return true;
  }
  return false;
}

const Evidence& evidence_named(const Facts& facts, const Id& id) {
  return *std::find_if(facts.evidence.begin(), facts.evidence.end(),
                       [&](const Evidence& evidence) { return evidence.id == id; });
}

// Each passed rule shows records that are there, fresh, numeric and alike.
void check_passed(const Policy& policy, const Facts& facts, const RuleResult& rule,
                  const Requirement& requirement) {
  REQUIRE(could_pass(policy, facts, requirement));
  REQUIRE(rule.evidence.size() == (rule.kind == RuleKind::champion ? 2U : 1U));
  const Evidence& own = evidence_named(facts, rule.evidence[0]);
  REQUIRE(usable(policy, own, facts.candidate.digest, *requirement.key, requirement.field));
  if (rule.kind != RuleKind::champion) return;
  const Evidence& other = evidence_named(facts, rule.evidence[1]);
  REQUIRE(usable(policy, other, facts.champion->digest, *requirement.key, requirement.field));
  REQUIRE(like(own, other));
}

}  // namespace

TEST_CASE("Verdict: on random policies and evidence nothing passes by absence") {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  Dice dice(seed);
  int passed = 0;
  for (int round = 0; round < 3000; ++round) {
    Facts facts = Contest().facts;
    for (int i = dice.below(10); i > 0; --i) facts.evidence.push_back(random_evidence(dice, facts));
    const Policy policy = random_policy(dice);
    INFO("round " << round << " policy " << policy.canonical());
    const Decision decision = judge(policy, facts, kNow);
    const auto requirements = policy.requirements();
    REQUIRE(decision.rules.size() == requirements.size());
    bool all = true;
    for (std::size_t i = 0; i < requirements.size(); ++i) {
      const RuleResult& rule = decision.rules[i];
      REQUIRE_FALSE(rule.explanation.empty());
      all = all && rule.verdict == RuleVerdict::pass;
      if (rule.verdict == RuleVerdict::pass && rule.kind != RuleKind::evidence)
        check_passed(policy, facts, rule, requirements[i]);
    }
    REQUIRE(decision.changed == all);
    REQUIRE((exit_code(decision.verdict) == 0) == all);
    REQUIRE(judge(policy, facts, kNow) == decision);
    REQUIRE(decision_from_json(json::parse(json(decision).dump())) == decision);
    passed += all ? 1 : 0;
  }
  CHECK(passed > 30);  // the test would prove nothing if everything were refused
}
