// SPDX-License-Identifier: Apache-2.0
// Random policies on random evidence: what is missing, not a number, stale or unlike never passes. An
// independent, slow reading of the rules stands beside the judge.
#include <functional>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/support/catch.h"
#include "tests/unit/promotion/contest.h"
#include "tests/unit/promotion/random_case.h"

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

// ---- Every kind of rule ----

// Facts of every kind, judged by policies of every kind.
struct EveryKind : RandomCase {
  Contest contest;
  const Digest trivial = Digest::of("trivial");

  explicit EveryKind(unsigned seed) : RandomCase{.dice = std::mt19937(seed)}, contest() {
    for (const char* name : {"data-0@1", "data-1@1"}) data.push_back(Digest::of(name));
  }

  json random_document() {
    const Facts& facts = contest.facts;
    const Digest& model = one_in(3) ? facts.champion->digest : facts.candidate.digest;
    const int kind = below(20);
    if (kind < 11) return random_evaluation(model);
    if (kind < 16) return random_comparison(facts.candidate.digest, one_in(2) ? facts.champion->digest : trivial);
    return kind < 18 ? random_drift(model) : random_validation();
  }

  Facts random_facts() {
    Facts facts = contest.facts;
    facts.trained_by = {{trivial, "baseline"}};
    for (int i = 6 + below(10); i > 0; --i)
      facts.evidence.push_back(record(random_document(), kNow - std::chrono::hours(1 + below(16))));
    return facts;
  }

  Policy random_rules() {
    json document = {{"stage", "production"}, {"rules", json::array()}};
    for (int i = below(4); i >= 0; --i) document["rules"].push_back(random_rule());
    document["rules"].push_back({{"evidence", {{"max_age", "20h"}}}});
    return Policy::parse(document).resolved([](const PolicyDataset& named) {
      return PolicyDataset{named.reference, Digest::of(named.reference)};
    });
  }
};

// Ways in which a record stops counting.
using Spoil = std::function<void(Facts&, Evidence&)>;
const std::map<std::string, Spoil> kSpoils = {
    {"it has no numbers", [](Facts&, Evidence& one) {
       if (auto* rows = std::get_if<std::vector<MetricRow>>(&one.rows))
         for (MetricRow& row : *rows) row.value = row.ci_low = row.ci_high = std::nullopt;
     }},
    {"it is old", [](Facts&, Evidence& one) { one.created_at = kNow - 21h; }},
    {"it is from the future", [](Facts&, Evidence& one) { one.created_at = kNow + 24h; }},
    {"its plugin was revoked", [](Facts& facts, Evidence& one) { facts.revoked[one.plugin.digest] = "a trial"; }},
    {"it is of other data", [](Facts&, Evidence& one) {
       (one.kind == EvidenceKind::drift ? *one.model : one.dataset) = Digest::of("elsewhere");
     }},
};

bool has_numbers(const Evidence& one) {
  return one.kind == EvidenceKind::evaluation || one.kind == EvidenceKind::comparison;
}

bool cites(const RuleResult& rule, const Id& id) {
  return std::find(rule.evidence.begin(), rule.evidence.end(), id) != rule.evidence.end();
}

// Whatever a passed rule rests on, spoilt in any way: it may pass on something else, but not on that.
int spoil_each(const Policy& policy, const Facts& facts, std::size_t at, const RuleResult& passed) {
  int spoilt = 0;
  for (const Id& id : passed.evidence)
    for (const auto& [how, spoil] : kSpoils) {
      Facts other = facts;
      Evidence& one = *std::find_if(other.evidence.begin(), other.evidence.end(),
                                    [&](const Evidence& evidence) { return evidence.id == id; });
      if (how == "it has no numbers" && !has_numbers(one)) continue;
      spoil(other, one);
      const RuleResult again = judge(policy, other, kNow).rules.at(at);
      INFO(passed.rule << " rests on " << id.text() << ", and " << how << ": " << again.explanation);
      REQUIRE_FALSE((again.verdict == RuleVerdict::pass && cites(again, id)));
      ++spoilt;
    }
  return spoilt;
}

}  // namespace

namespace {

void spoil_at_random(int rounds) {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  EveryKind trial(seed);
  std::map<RuleKind, int> spoilt;
  for (int round = 0; round < rounds; ++round) {
    const Facts facts = trial.random_facts();
    const Policy policy = trial.random_rules();
    INFO("round " << round << " policy " << policy.canonical());
    const Decision decision = judge(policy, facts, kNow);
    Facts bare = facts;
    bare.evidence.clear();
    const Decision nothing = judge(policy, bare, kNow);
    REQUIRE_FALSE(nothing.changed);
    for (std::size_t i = 0; i + 1 < decision.rules.size(); ++i) {
      const RuleResult& rule = decision.rules[i];
      REQUIRE(nothing.rules[i].verdict != RuleVerdict::pass);
      if (rule.verdict != RuleVerdict::pass) continue;
      REQUIRE_FALSE(rule.evidence.empty());
      if (trial.one_in(4)) spoilt[rule.kind] += spoil_each(policy, facts, i, rule);
    }
  }
  for (const auto& [kind, count] : spoilt) std::cout << to_text(kind) << ' ' << count << ' ';
  std::cout << "records spoilt\n";
  CHECK(spoilt.size() == 9);  // metric champion slices fairness cost latency drift baseline validation
}

}  // namespace

TEST_CASE("Verdict: a rule of any kind never passes on a record that is missing, empty, stale, revoked or of other data") {
  spoil_at_random(1'000);
}

TEST_CASE("Campaign: 10 000 random policies, and what each passed on spoilt in every way", "[.campaign]") {
  spoil_at_random(10'000);
}

namespace {

void judge_at_random(int rounds) {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  Dice dice(seed);
  int passed = 0;
  for (int round = 0; round < rounds; ++round) {
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
  CHECK(passed > rounds / 100);  // the test would prove nothing if everything were refused
}

}  // namespace

TEST_CASE("Verdict: on random policies and evidence nothing passes by absence") {
  judge_at_random(3'000);
}

TEST_CASE("Campaign: 10 000 random policies pass nothing by absence", "[.campaign]") {
  judge_at_random(10'000);
}
