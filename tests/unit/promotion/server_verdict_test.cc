// SPDX-License-Identifier: Apache-2.0
// Random policies of every kind of rule on random evidence: what the registry decides, the pure verdict on facts that
// this test kept by itself, and the replay of the exported decision are the same.
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "registry/domain/bundle.h"
#include "registry/service/approve.h"
#include "registry/service/explain.h"
#include "registry/service/lease.h"
#include "registry/service/libraries.h"
#include "registry/service/publish.h"
#include "registry/service/record_run.h"
#include "registry/service/upload.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/random_case.h"

using namespace assay;
using namespace assay::test;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr int kPairs = 10'000;
constexpr std::chrono::seconds kLongest = 18s;  // of a run that is no campaign
constexpr int kPairsOfVersion = 16;             // then another one is pushed
const Name kChurn = Name::parse("churn");
const StageName kProduction = StageName::parse("production");

VersionMark mark(const Version& version) {
  return {.number = version.number, .digest = version.digest};
}

class Trial : World, RandomCase {
 public:
  explicit Trial(unsigned seed) : RandomCase{.dice = std::mt19937(seed)} {
    for (const char* name : {"data-0", "data-1"}) data.push_back(push(Kind::dataset, name, name).digest);
    push_trivial();
  }

  // One policy on what there is.
  void pair() {
    if (pairs_++ % kPairsOfVersion == 0) push_version();
    clock.advance(std::chrono::minutes(below(180)));
    if (one_in(6)) record_something(mark(versions_.back()));
    if (one_in(40)) toggle_revocation();
    if (one_in(20)) staged_ = mark(versions_[pick()]), promote(std::to_string(staged_->number), "staging");
    const Version& version = versions_[pick()];
    if (champion_ == mark(version)) return;
    const Policy policy = set_policy(random_policy());
    lease(true);
    Facts facts = facts_for(policy, mark(version));
    facts.force = one_in(10);
    const Time asked = clock.now();
    const Decision decision = assay::promote(
        services(), admin,
        {.model = kChurn, .stage = kProduction, .version = Selector(version.number), .expected_revision = {},
         .force = facts.force, .reason = "a trial"});
    compare(decision, judge(policy, facts, asked));
    if (decision.verdict == DecisionVerdict::waiting) answer(policy, facts, decision);
    lease(false);
  }

  void print() const {
    std::cout << "decisions judged thrice: " << compared_ << ", tampered: " << tampered_ << ", verdicts:";
    for (const auto& [verdict, count] : verdicts_) std::cout << ' ' << to_text(verdict) << ' ' << count;
    std::cout << "\nrules passed:";
    for (const auto& [kind, count] : passed_) std::cout << ' ' << to_text(kind) << ' ' << count;
    std::cout << '\n';
  }
  // Every kind of rule passed at times, and every verdict came out.
  void check_coverage() const {
    CHECK(compared_ > 20);
    if (compared_ < 500) return;  // a slow machine or build had no time for all
    CHECK(passed_.size() >= 13);
    CHECK(verdicts_.size() >= 7);
    CHECK(tampered_ > compared_ / 100);
  }

 private:
  std::size_t pick() {  // one of the newest three
    const std::size_t count = std::min<std::size_t>(3, versions_.size());
    return versions_.size() - 1 - static_cast<std::size_t>(below(static_cast<int>(count)));
  }

  void push_trivial() {
    const json draft = {{"kind", "train"},
                        {"plugin",
                         {{"name", "baseline"},
                          {"version", "1.0.0"},
                          {"digest", Digest::of("baseline").text()},
                          {"component", "baseline"}}},
                        {"inputs", json::array()},
                        {"config", json::object()},
                        {"seed", 1},
                        {"max_threads", 1},
                        {"environment", json::object()}};
    const Run run = start_run(services(), admin, draft.dump());
    Upload upload(services(), admin, {});
    upload.write(std::as_bytes(std::span(std::string_view("trivial"))));
    const BlobInfo blob = upload.finish();
    PublishRequest request{
        .kind = Kind::model, .name = Name::parse("trivial"), .files = {}, .labels = {}, .profile = {}, .run_id = run.id};
    request.files.push_back({FilePath::parse("model"), blob.digest, blob.size, {}});
    trivial_ = publish(services(), admin, request).version.digest;
  }

  void push_version() {
    versions_.push_back(push(Kind::model, "churn", "model " + std::to_string(versions_.size())));
    for (int i = 0; i < 5; ++i) record_something(mark(versions_.back()));
  }

  Digest opponent_of(const Digest& model) {
    const Digest other = champion_ && !one_in(3) ? champion_->digest : trivial_;
    return other == model ? trivial_ : other;
  }

  void record_something(const VersionMark& about) {
    const int kind = below(20);
    const json document = kind < 10   ? random_evaluation(about.digest)
                          : kind < 16 ? random_comparison(about.digest, opponent_of(about.digest))
                          : kind < 19 ? random_drift(about.digest)
                                     : random_validation();
    evidence_.push_back(report(document));
  }

  void toggle_revocation() {
    const std::string reason = R"({"reason":"a trial"})";
    if (revoked_.empty()) {
      revoke_library(services(), admin, kRevocable, reason);
      revoked_[kRevocable] = "a trial";
      others_measure = false;
    } else {
      reinstate_library(services(), admin, kRevocable, reason);
      revoked_.clear();
      others_measure = true;
    }
  }

  // Somebody else's, now and then, for one pair.
  void lease(bool take) {
    if (take && one_in(12))
      lease_ = take_lease(services(), cy_, kChurn, kProduction, parse_lease_request(R"({"for":"2h","reason":"moving"})"));
    else if (!take && lease_)
      give_back_lease(services(), admin, kChurn, kProduction), lease_.reset();
  }

  // Found without a zone's table: Etc/UTC has none.
  std::optional<Frozen> frozen(const Policy& policy) const {
    if (policy.freeze().empty()) return std::nullopt;
    const auto today = std::chrono::floor<std::chrono::days>(clock.now());
    const auto monday = today - (std::chrono::weekday(today) - std::chrono::Monday);
    const Time until = monday + std::chrono::hours(60);
    if (clock.now() >= until) return std::nullopt;
    return Frozen{policy.freeze()[0].text(), monday, until};
  }

  Facts facts_for(const Policy& policy, const VersionMark& candidate) const {
    Facts facts{.namespace_ = "default",
                .model = "churn",
                .candidate = candidate,
                .champion = champion_,
                .from_holder = policy.from() ? staged_ : std::nullopt,
                .evidence = {},
                .trained_by = {{trivial_, "baseline"}},
                .revoked = revoked_,
                .frozen = frozen(policy),
                .lease = lease_,
                .authors = {"ada", "ada"},
                .tokens = {admin.id}};
    if (const auto given = approvals_.find(candidate.number); given != approvals_.end()) facts.approvals = given->second;
    for (const Evidence& one : evidence_)
      if (!one.model || one.model == candidate.digest || (champion_ && one.model == champion_->digest))
        facts.evidence.push_back(one);
    return facts;
  }

  void answer(const Policy& policy, Facts facts, const Decision& waiting) {
    for (const Principal* who : {&bo_, &cy_}) {
      if (one_in(3)) continue;
      const bool agrees = !one_in(4);
      facts.approvals.push_back(
          {.binding = waiting.approval_binding.value(), .approver = who->name, .agrees = agrees, .at = clock.now()});
      approvals_[waiting.candidate.number] = facts.approvals;
      facts.tokens = {who->id, admin.id};
      const Decision decision = approve(services(), *who, {.decision = *waiting.id, .agrees = agrees});
      if (decision.verdict == DecisionVerdict::waiting) continue;
      facts.force = false;
      if (who == &cy_) facts.lease.reset();  // its own
      compare(decision, judge(policy, facts, clock.now()));
      return;
    }
  }

  void compare(const Decision& decision, const Decision& pure) {
    ++compared_;
    ++verdicts_[decision.verdict];
    const bool same = decision.verdict == pure.verdict && decision.rules == pure.rules &&
                      decision.changed == pure.changed && decision.forced == pure.forced &&
                      decision.approval_binding == pure.approval_binding && decision.summary == pure.summary;
    if (!same) FAIL("decided " << json(decision).dump() << "\njudged " << json(pure).dump());
    const json exported = export_decision(services(), admin, *decision.id);
    const Bundle bundle = bundle_from_json(json::parse(exported.dump()));
    REQUIRE(json(bundle) == exported);
    REQUIRE(replay(bundle) == std::vector<std::string>());
    for (const RuleResult& rule : decision.rules) {
      if (rule.verdict == RuleVerdict::pass) ++passed_[rule.kind];
      if (one_in(4)) tamper(exported, rule);
    }
    if (decision.changed) champion_ = decision.candidate;
  }

  // Raises every number in what decided the rule, if the rule shows one of them as it is.
  void tamper(json exported, const RuleResult& rule) {
    const bool shown = rule.kind == RuleKind::metric || rule.kind == RuleKind::champion ||
                       rule.kind == RuleKind::latency || rule.kind == RuleKind::baseline;
    if (!shown || !rule.candidate || rule.evidence.empty()) return;
    for (json& record : exported.at("evidence"))
      if (record.at("id") == rule.evidence[0].text())
        for (json& row : record.at("rows"))
          for (const char* key : {"value", "ci_low", "ci_high"})
            if (row.at(key).is_number()) row[key] = row[key].get<double>() + 1;
    INFO("tampered with what decided " << rule.rule);
    REQUIRE(replay(bundle_from_json(exported)) != std::vector<std::string>());
    ++tampered_;
  }

  Principal bo_ = principal("bo", Role::promoter), cy_ = principal("cy", Role::promoter);
  std::vector<Version> versions_;
  Digest trivial_ = Digest::of("");
  // The facts, as this test knows them.
  std::vector<Evidence> evidence_;
  std::map<Digest, std::string> revoked_;
  std::map<VersionNumber, std::vector<Approval>> approvals_;
  std::optional<VersionMark> champion_, staged_;
  std::optional<Lease> lease_;
  // What came of it.
  int pairs_ = 0, compared_ = 0, tampered_ = 0;
  std::map<DecisionVerdict, int> verdicts_;
  std::map<RuleKind, int> passed_;
};

void run(std::chrono::seconds longest) {
  const unsigned seed = std::random_device()();
  INFO("seed " << seed);
  Trial trial(seed);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kPairs && std::chrono::steady_clock::now() - start < longest; ++i) {
    INFO("pair " << i);
    trial.pair();
  }
  trial.print();
  trial.check_coverage();
}

}  // namespace

TEST_CASE("Server: decides as the pure verdict does on the same facts, and as the replay of what it exports") {
  run(kLongest);
}

TEST_CASE("Campaign: 10 000 pairs of policy and evidence are decided, judged and replayed alike", "[.campaign]") {
  run(std::chrono::hours(1));
}
