// SPDX-License-Identifier: Apache-2.0
// The rules that a version must satisfy to enter one stage of one model: a document, parsed once, identified
// by the digest of its canonical form. There is a struct for each kind of rule, and `from` at the top.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "registry/domain/approval.h"
#include "registry/domain/duration.h"
#include "registry/domain/evidence.h"
#include "registry/domain/freeze.h"
#include "registry/domain/key_name.h"
#include "registry/domain/name.h"
#include "registry/domain/requirement.h"
#include "storage/base/digest.h"

namespace assay {

// A dataset as a rule names it. The digest is filled in when the policy is set, and it alone decides from
// then on.
struct PolicyDataset {
  std::string reference;
  std::optional<Digest> digest;

  bool operator==(const PolicyDataset&) const = default;
};

struct MetricRule {
  std::string name;
  PolicyDataset dataset;
  std::string slice;
  std::string evaluator;  // the plugin that must have measured it; empty: any
  Comparator comparator = Comparator::at_least;
  double bound = 0;

  bool operator==(const MetricRule&) const = default;
};

inline constexpr double kConfidence = 0.95;  // where a rule that tests does not say

// The candidate must be better than the champion by `margin`; a negative margin is how much worse it may be.
struct ChampionRule {
  std::string name;
  PolicyDataset dataset;
  std::string slice;
  double margin = 0;
  std::int64_t min_rows = 0;
  std::optional<PairedTest> test;  // then the worse end of a comparison's interval is held against the margin
  double confidence = kConfidence;  // of that interval

  bool operator==(const ChampionRule&) const = default;
};

// As a champion rule, in every slice of one column: the worst slice decides. With `holm` a comparison's slices are
// judged, and one is worse only when that is no luck even among so many.
struct SlicesRule {
  std::string name;
  PolicyDataset dataset;
  std::string by;
  double no_worse_than = 0;   // a margin
  std::int64_t min_rows = 0;  // smaller slices are not judged
  bool holm = false;
  PairedTest test = PairedTest::paired_bootstrap;
  double confidence = kConfidence;

  bool operator==(const SlicesRule&) const = default;
};

struct FairnessRule {
  FairnessMetric metric = FairnessMetric::equal_opportunity_difference;
  PolicyDataset dataset;
  std::string group;
  Comparator comparator = Comparator::at_most;
  double bound = 0;

  bool operator==(const FairnessRule&) const = default;
};

// The mean cost of a decision: at most a number, at most the champion's, or both.
struct CostRule {
  CostMatrix matrix;
  PolicyDataset dataset;
  std::string slice;
  std::optional<double> at_most;
  bool at_most_champion = false;

  bool operator==(const CostRule&) const = default;
};

// How long a call may take, where an evaluation has timed it: `p99_ms` is its metric latency_p99_ms, `at` its slice.
struct LatencyRule {
  std::string quantile;  // p50_ms, p90_ms or p99_ms
  PolicyDataset dataset;
  std::string at;
  double bound = 0;

  bool operator==(const LatencyRule&) const = default;
};

// The newest drift report on the candidate, of this plugin and no older than the window, finds nothing drifted.
struct DriftRule {
  std::string plugin;
  Duration window{};

  bool operator==(const DriftRule&) const = default;
};

// The candidate is better, beyond luck, than a model that the plugin `beats` trained.
struct BaselineRule {
  std::string beats;
  std::string name;
  PolicyDataset dataset;
  std::int64_t min_rows = 0;
  PairedTest test = PairedTest::paired_bootstrap;
  double confidence = kConfidence;

  bool operator==(const BaselineRule&) const = default;
};

struct ValidationRule {
  PolicyDataset dataset;
  Severity severity_below = Severity::error;

  bool operator==(const ValidationRule&) const = default;
};

// Somebody has said what the model is for.
struct ProblemRule {
  bool operator==(const ProblemRule&) const = default;
};

// What the version itself must be like. At least one is asked.
struct ArtifactRule {
  bool card = false;     // it has a model card: a file README.md
  bool lineage = false;  // it was made by a recorded run from recorded inputs, and so were the models among those
  bool no_pickle = false;  // no file of it is or holds a pickle, whatever that imports
  std::vector<KeyName> signed_by{};  // one of these keys of the namespace signed it; empty: not asked

  bool operator==(const ArtifactRule&) const = default;
};

// Applies to all evidence that the other rules select. At least one of the two is given.
struct EvidenceRule {
  std::optional<Duration> max_age;
  std::optional<Level> level;

  bool operator==(const EvidenceRule&) const = default;
};

using PolicyRule = std::variant<MetricRule, ChampionRule, SlicesRule, FairnessRule, CostRule, LatencyRule, DriftRule,
                                BaselineRule, ProblemRule, ArtifactRule, ValidationRule, EvidenceRule>;

// The strictest of all evidence rules.
struct Freshness {
  std::optional<Duration> max_age;
  Level level = Level::reported;
};

class Policy {
 public:
  static constexpr std::size_t kMaxFreezes = 32;
  static constexpr std::size_t kMaxRules = 64;  // a person must be able to read why a version was refused

  // A policy without a rule.
  static Policy none(StageName stage) { return Policy(std::move(stage)); }
  // A slices, fairness, cost, latency or baseline rule that names no dataset means that of the first rule that does,
  // and a baseline rule without a metric that of the first metric or champion rule. Throws invalid_argument
  // naming an unknown rule or key, the nearest known one and its place; unsupported for a rule of the language that
  // this version cannot judge; too_large past kMaxRules.
  static Policy parse(const nlohmann::json& document);

  const StageName& stage() const { return stage_; }
  const std::optional<StageName>& from() const { return from_; }
  const std::vector<PolicyRule>& rules() const { return rules_; }
  const ApprovalTerms& approvals() const { return approvals_; }
  const std::vector<FreezeWindow>& freeze() const { return freeze_; }
  // True when it asks nothing.
  bool empty() const { return rules_.empty() && !from_ && approvals_.count == 0 && freeze_.empty(); }

  // The same policy with each rule's dataset as `resolve` answers it (a reference to one version, and its
  // digest).
  Policy resolved(const std::function<PolicyDataset(const PolicyDataset&)>& resolve) const;
  // The same policy, asking nobody: approvals are given under one policy and say nothing of another.
  Policy without_approvals() const;
  // In the order of the document, `from` first. An evidence rule is one requirement for each thing it asks.
  std::vector<Requirement> requirements() const;
  Freshness freshness() const;

  std::string canonical() const;  // RFC 8785
  Digest digest() const;          // of canonical()

  bool operator==(const Policy&) const = default;

 private:
  explicit Policy(StageName stage) : stage_(std::move(stage)) {}
  void name_datasets();
  void name_baselines();

  StageName stage_;
  std::optional<StageName> from_;
  std::vector<PolicyRule> rules_;
  ApprovalTerms approvals_;
  std::vector<FreezeWindow> freeze_;
};

void to_json(nlohmann::json& json, const Policy& policy);

}  // namespace assay
