// SPDX-License-Identifier: Apache-2.0
// What a rule says is read in policy_reader.cc; here it becomes requirements, and a document again.
#include "registry/domain/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/domain/policy_reader.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

template <class... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overload(Cases...) -> Overload<Cases...>;  // which clang 14 does not find by itself

std::string on(const PolicyDataset& dataset, const std::string& slice) {
  return slice.empty() ? dataset.reference : fmt::format("{}, slice {}", dataset.reference, slice);
}

EvidenceKey evaluation_key(const PolicyDataset& dataset, const std::string& slice, const std::string& by = "") {
  return {.kind = EvidenceKind::evaluation,
          .dataset_reference = dataset.reference,
          .dataset = dataset.digest,
          .slice = slice,
          .by = by};
}

Requirement compile_from(const StageName& stage) {
  return {.kind = RuleKind::from,
          .rule = fmt::format("from {}", stage.text()),
          .field = "version",
          .comparator = Comparator::equal,
          .stage = stage.text()};
}

Requirement compile(const MetricRule& rule) {
  const std::string by = rule.evaluator.empty() ? "" : " by " + rule.evaluator;
  Requirement out{.kind = RuleKind::metric,
                  .rule = fmt::format("{} on {}{} {} {}", rule.name, on(rule.dataset, rule.slice), by,
                                      to_text(rule.comparator), rule.bound),
                  .key = evaluation_key(rule.dataset, rule.slice),
                  .field = rule.name,
                  .comparator = rule.comparator,
                  .bound = rule.bound};
  out.key->plugin = rule.evaluator;
  return out;
}

EvidenceKey comparison_key(const PolicyDataset& dataset, const std::string& slice, const std::string& by = "") {
  EvidenceKey key = evaluation_key(dataset, slice, by);
  key.kind = EvidenceKind::comparison;
  return key;
}

// "roc_auc:delong", as comparisons call their rows.
std::string tested(const std::string& metric, PairedTest test) {
  return fmt::format("{}:{}", metric, to_text(test));
}

std::string tested_how(PairedTest test, double confidence) {
  return fmt::format("{} at {}", to_text(test), confidence);
}

Requirement compile_tested(const ChampionRule& rule, PairedTest test) {
  return {.kind = RuleKind::champion,
          .rule = fmt::format("{} on {} against the champion, margin {}, {}", rule.name,
                              on(rule.dataset, rule.slice), rule.margin, tested_how(test, rule.confidence)),
          .key = comparison_key(rule.dataset, rule.slice),
          .field = tested(rule.name, test),
          .comparator = Comparator::at_least,
          .base = BoundBase::champion,
          .bound = rule.margin,
          .min_rows = rule.min_rows,
          .confidence = rule.confidence};
}

Requirement compile(const ChampionRule& rule) {
  if (rule.test) return compile_tested(rule, *rule.test);
  return {.kind = RuleKind::champion,
          .rule = fmt::format("{} on {} against the champion, margin {}", rule.name,
                              on(rule.dataset, rule.slice), rule.margin),
          .key = evaluation_key(rule.dataset, rule.slice),
          .field = rule.name,
          .comparator = Comparator::at_least,
          .base = BoundBase::champion,
          .bound = rule.margin,
          .min_rows = rule.min_rows};
}

Requirement compile_corrected(const SlicesRule& rule) {
  return {.kind = RuleKind::slices,
          .rule = fmt::format("{} on {} by {} against the champion, margin {}, {}, Holm", rule.name,
                              rule.dataset.reference, rule.by, rule.no_worse_than,
                              tested_how(rule.test, rule.confidence)),
          .key = comparison_key(rule.dataset, "", rule.by),
          .field = tested(rule.name, rule.test),
          .comparator = Comparator::at_least,
          .base = BoundBase::champion,
          .bound = rule.no_worse_than,
          .min_rows = rule.min_rows,
          .confidence = rule.confidence,
          .holm = true};
}

Requirement compile(const SlicesRule& rule) {
  if (rule.holm) return compile_corrected(rule);
  return {.kind = RuleKind::slices,
          .rule = fmt::format("{} on {} by {} against the champion, margin {}", rule.name, rule.dataset.reference,
                              rule.by, rule.no_worse_than),
          .key = evaluation_key(rule.dataset, "", rule.by),
          .field = rule.name,
          .comparator = Comparator::at_least,
          .base = BoundBase::champion,
          .bound = rule.no_worse_than,
          .min_rows = rule.min_rows};
}

Requirement compile(const FairnessRule& rule) {
  return {.kind = RuleKind::fairness,
          .rule = fmt::format("{} on {} by {} {} {}", to_text(rule.metric), rule.dataset.reference, rule.group,
                              to_text(rule.comparator), rule.bound),
          .key = evaluation_key(rule.dataset, "", rule.group),
          .field = std::string(to_text(rule.metric)),
          .comparator = rule.comparator,
          .bound = rule.bound};
}

Requirement compile_cost(const CostRule& rule, const std::optional<double>& at_most) {
  const std::string most = at_most ? fmt::format("<= {}", *at_most) : "at most the champion's";
  return {.kind = RuleKind::cost,
          .rule = fmt::format("mean cost on {} {}", on(rule.dataset, rule.slice), most),
          .key = evaluation_key(rule.dataset, rule.slice),
          .field = "mean_cost",
          .comparator = Comparator::at_most,
          .base = at_most ? BoundBase::absolute : BoundBase::champion,
          .bound = at_most.value_or(0),
          .costs = rule.matrix};
}

Requirement compile(const LatencyRule& rule) {
  return {.kind = RuleKind::latency,
          .rule = fmt::format("latency {} at {} <= {}", rule.quantile, rule.at, rule.bound),
          .key = evaluation_key(rule.dataset, rule.at),
          .field = "latency_" + rule.quantile,
          .comparator = Comparator::at_most,
          .bound = rule.bound};
}

Requirement compile(const ProblemRule&) {
  return {.kind = RuleKind::problem,
          .rule = "what the model is for",
          .field = "problem",
          .comparator = Comparator::equal,
          .bound = 1,
          .otherwise = RuleVerdict::missing};
}

Requirement compile_artifact(const char* field, const char* rule) {
  return {.kind = RuleKind::artifact, .rule = rule, .field = field, .comparator = Comparator::equal, .bound = 1};
}

// A signature may still come, as evidence may: what it lacks is missing.
Requirement compile_signed_by(const std::vector<KeyName>& keys) {
  Requirement out = compile_artifact("signed_by", "");
  for (const KeyName& key : keys) out.keys.push_back(key.text());
  out.rule = fmt::format("a signature by {}", fmt::join(out.keys, " or "));
  out.otherwise = RuleVerdict::missing;
  return out;
}

std::vector<Requirement> compile_all(const ArtifactRule& rule) {
  std::vector<Requirement> out;
  if (rule.card) out.push_back(compile_artifact("card", "a model card"));
  if (rule.lineage) out.push_back(compile_artifact("lineage", "a complete lineage"));
  if (rule.no_pickle) out.push_back(compile_artifact("no_pickle", "no pickles"));
  if (!rule.signed_by.empty()) out.push_back(compile_signed_by(rule.signed_by));
  return out;
}

Requirement compile(const DriftRule& rule) {
  EvidenceKey key;
  key.kind = EvidenceKind::drift;
  key.plugin = rule.plugin;
  return {.kind = RuleKind::drift,
          .rule = fmt::format("no drift by {} within {}", rule.plugin, format_duration(rule.window)),
          .key = key,
          .field = "drifted_rows",
          .comparator = Comparator::at_most,
          .bound = 0,
          .window = rule.window};
}

Requirement compile(const BaselineRule& rule) {
  return {.kind = RuleKind::baseline,
          .rule = fmt::format("{} on {} beats {}, {}", rule.name, rule.dataset.reference, rule.beats,
                              tested_how(rule.test, rule.confidence)),
          .key = comparison_key(rule.dataset, ""),
          .field = tested(rule.name, rule.test),
          .comparator = Comparator::above,
          .bound = 0,
          .min_rows = rule.min_rows,
          .confidence = rule.confidence,
          .beats = rule.beats};
}

Requirement compile(const ValidationRule& rule) {
  return {
      .kind = RuleKind::validation,
      .rule = fmt::format("validation of {} below {}", rule.dataset.reference, to_text(rule.severity_below)),
      .key = EvidenceKey{.kind = EvidenceKind::validation,
                         .dataset_reference = rule.dataset.reference,
                         .dataset = rule.dataset.digest,
                         .severity = rule.severity_below},
      .field = fmt::format("{}_findings", to_text(rule.severity_below)),
      .comparator = Comparator::at_most,
      .bound = 0};
}

Requirement compile_age(Duration max_age) {
  return {.kind = RuleKind::evidence,
          .rule = fmt::format("evidence at most {} old", format_duration(max_age)),
          .field = "age_s",
          .comparator = Comparator::at_most,
          .bound = static_cast<double>(max_age.count()) / 1000.0,
          .otherwise = RuleVerdict::stale};
}

Requirement compile_level(Level level) {
  return {.kind = RuleKind::evidence,
          .rule = fmt::format("evidence of level {}", to_text(level)),
          .field = "level",
          .comparator = Comparator::at_least,
          .bound = static_cast<double>(level),
          .otherwise = RuleVerdict::missing};
}

// Null for a rule that is about no dataset.
template <typename Rule>
auto* dataset_of(Rule& rule) {
  using Found = std::conditional_t<std::is_const_v<Rule>, const PolicyDataset, PolicyDataset>;
  return std::visit(
      [](auto& one) -> Found* {
        if constexpr (requires { one.dataset; }) return &one.dataset;
        return nullptr;
      },
      rule);
}

json dataset_json(const PolicyDataset& dataset) {
  json out = {{"dataset", dataset.reference}};
  if (dataset.digest) out["dataset_digest"] = dataset.digest->text();
  return out;
}

json with_slice(json out, const std::string& slice) {
  if (!slice.empty()) out["slice"] = slice;
  return out;
}

void add_test(json& out, PairedTest test, double confidence) {
  out["test"] = to_text(test);
  out["confidence"] = confidence;
}

json rule_json(const MetricRule& rule) {
  json out = with_slice(dataset_json(rule.dataset), rule.slice);
  out["name"] = rule.name;
  if (!rule.evaluator.empty()) out["evaluator"] = rule.evaluator;
  out[rule.comparator == Comparator::at_least ? "at_least" : "at_most"] = rule.bound;
  return {{"metric", out}};
}

json rule_json(const ChampionRule& rule) {
  json out = with_slice(dataset_json(rule.dataset), rule.slice);
  out["name"] = rule.name;
  out["margin"] = rule.margin;
  if (rule.min_rows != 0) out["min_rows"] = rule.min_rows;
  if (rule.test) add_test(out, *rule.test, rule.confidence);
  return {{"champion", out}};
}

json rule_json(const SlicesRule& rule) {
  json out = dataset_json(rule.dataset);
  out["name"] = rule.name;
  out["by"] = rule.by;
  out["no_worse_than"] = rule.no_worse_than;
  if (rule.min_rows != 0) out["min_rows"] = rule.min_rows;
  if (rule.holm) {
    out["correction"] = "holm";
    add_test(out, rule.test, rule.confidence);
  }
  return {{"slices", out}};
}

json rule_json(const FairnessRule& rule) {
  json out = dataset_json(rule.dataset);
  out["metric"] = to_text(rule.metric);
  out["group"] = rule.group;
  out[rule.comparator == Comparator::at_least ? "at_least" : "at_most"] = rule.bound;
  return {{"fairness", out}};
}

json rule_json(const CostRule& rule) {
  json out = with_slice(dataset_json(rule.dataset), rule.slice);
  out["matrix"] = rule.matrix;
  if (rule.at_most) out["at_most"] = *rule.at_most;
  if (rule.at_most_champion) out["at_most_champion"] = true;
  return {{"cost", out}};
}

json rule_json(const LatencyRule& rule) {
  json out = dataset_json(rule.dataset);
  out["at"] = rule.at;
  out[rule.quantile] = rule.bound;
  return {{"latency", out}};
}

json rule_json(const ProblemRule&) {
  return {{"problem", "required"}};
}

json rule_json(const ArtifactRule& rule) {
  json out = json::object();
  if (rule.card) out["card"] = "required";
  if (rule.lineage) out["lineage"] = "complete";
  if (rule.no_pickle) out["no_pickle"] = true;
  for (const KeyName& key : rule.signed_by) out["signed_by"].push_back(key.text());
  return {{"artifact", out}};
}

json rule_json(const DriftRule& rule) {
  return {{"drift", {{"plugin", rule.plugin}, {"window", format_duration(rule.window)}, {"verdict", "none"}}}};
}

json rule_json(const BaselineRule& rule) {
  json out = dataset_json(rule.dataset);
  out["beats"] = rule.beats;
  out["name"] = rule.name;
  if (rule.min_rows != 0) out["min_rows"] = rule.min_rows;
  add_test(out, rule.test, rule.confidence);
  return {{"baseline", out}};
}

json rule_json(const ValidationRule& rule) {
  json out = dataset_json(rule.dataset);
  out["severity_below"] = to_text(rule.severity_below);
  return {{"validation", out}};
}

json rule_json(const EvidenceRule& rule) {
  json out = json::object();
  if (rule.max_age) out["max_age"] = format_duration(*rule.max_age);
  if (rule.level) out["level"] = to_text(*rule.level);
  return {{"evidence", out}};
}

}  // namespace

Policy Policy::parse(const json& document) {
  JsonObject object(document, "policy");
  check_policy_keys(document);
  Policy policy(StageName::parse(object.text("stage")));
  if (const auto from = object.optional_text("from")) policy.from_ = StageName::parse(*from);
  if (policy.from_ == policy.stage_)
    throw Error(
        Code::invalid_argument,
        fmt::format("policy: from is \"{}\", the stage itself: name the stage before it, or leave it out",
                    policy.stage_.text()));
  if (const json* terms = object.optional_object("approvals")) policy.approvals_ = read_approval_terms(*terms);
  if (const json* windows = object.optional_array("freeze", kMaxFreezes)) policy.freeze_ = read_freezes(*windows);
  const json& rules = object.array("rules", kMaxRules);
  for (std::size_t i = 0; i < rules.size(); ++i)
    policy.rules_.push_back(read_policy_rule(rules[i], fmt::format("rules[{}]", i)));
  policy.name_datasets();
  policy.name_baselines();
  return policy;
}

// Rules that name no dataset get that of the first rule that does.
void Policy::name_datasets() {
  PolicyDataset first;
  for (const PolicyRule& rule : rules_)
    if (const PolicyDataset* named = dataset_of(rule); named != nullptr && first.reference.empty()) first = *named;
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    PolicyDataset* named = dataset_of(rules_[i]);
    if (named == nullptr || !named->reference.empty()) continue;
    if (first.reference.empty())
      throw Error(Code::invalid_argument,
                  fmt::format("policy: rules[{}] has no dataset, nor has any other rule that it could be taken from: "
                              "add \"dataset\"",
                              i));
    *named = first;
  }
}

// Baseline rules that name no metric get that of the first metric or champion rule.
void Policy::name_baselines() {
  std::string first;
  for (const PolicyRule& rule : rules_) {
    if (!first.empty()) break;
    if (const auto* metric = std::get_if<MetricRule>(&rule)) first = metric->name;
    if (const auto* champion = std::get_if<ChampionRule>(&rule)) first = champion->name;
  }
  for (std::size_t i = 0; i < rules_.size(); ++i) {
    auto* rule = std::get_if<BaselineRule>(&rules_[i]);
    if (rule == nullptr || !rule->name.empty()) continue;
    if (first.empty())
      throw Error(Code::invalid_argument,
                  fmt::format("policy: rules[{}] has no metric, nor has any metric or champion rule that it could be "
                              "taken from: add \"name\"",
                              i));
    rule->name = first;
  }
}

Policy Policy::resolved(const std::function<PolicyDataset(const PolicyDataset&)>& resolve) const {
  Policy out = *this;
  for (PolicyRule& rule : out.rules_)
    if (PolicyDataset* named = dataset_of(rule)) *named = resolve(*named);
  return out;
}

Policy Policy::without_approvals() const {
  Policy out = *this;
  out.approvals_ = {};
  return out;
}

std::vector<Requirement> Policy::requirements() const {
  std::vector<Requirement> out;
  if (from_) out.push_back(compile_from(*from_));
  for (const PolicyRule& rule : rules_)
    std::visit(Overload{[&](const EvidenceRule& about) {
                          if (about.max_age) out.push_back(compile_age(*about.max_age));
                          if (about.level) out.push_back(compile_level(*about.level));
                        },
                        [&](const ArtifactRule& artifact) {
                          for (Requirement& one : compile_all(artifact)) out.push_back(std::move(one));
                        },
                        [&](const CostRule& cost) {
                          if (cost.at_most) out.push_back(compile_cost(cost, cost.at_most));
                          if (cost.at_most_champion) out.push_back(compile_cost(cost, {}));
                        },
                        [&](const auto& named) { out.push_back(compile(named)); }},
               rule);
  return out;
}

Freshness Policy::freshness() const {
  Freshness out;
  for (const PolicyRule& rule : rules_) {
    const auto* about = std::get_if<EvidenceRule>(&rule);
    if (about == nullptr) continue;
    if (about->max_age) out.max_age = std::min(about->max_age.value(), out.max_age.value_or(*about->max_age));
    if (about->level) out.level = std::max(*about->level, out.level);
  }
  return out;
}

std::string Policy::canonical() const {
  return assay::canonical(json(*this));
}

Digest Policy::digest() const {
  return Digest::of(canonical());
}

void to_json(json& out, const Policy& policy) {
  out = {{"stage", policy.stage().text()}, {"rules", json::array()}};
  if (policy.from()) out["from"] = policy.from()->text();
  if (const ApprovalTerms& terms = policy.approvals(); terms.count > 0)
    out["approvals"] = {{"count", terms.count}, {"role", text(terms.role)}, {"author_may_not", terms.author_may_not}};
  for (const FreezeWindow& window : policy.freeze()) out["freeze"].push_back(window.text());
  for (const PolicyRule& rule : policy.rules())
    out["rules"].push_back(std::visit([](const auto& one) { return rule_json(one); }, rule));
}

}  // namespace assay
