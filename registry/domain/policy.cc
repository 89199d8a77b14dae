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

std::string on(const PolicyDataset& dataset, const std::string& slice) {
  return slice.empty() ? dataset.reference : fmt::format("{}, slice {}", dataset.reference, slice);
}

EvidenceKey evaluation_key(const PolicyDataset& dataset, const std::string& slice) {
  return {.kind = EvidenceKind::evaluation,
          .dataset_reference = dataset.reference,
          .dataset = dataset.digest,
          .slice = slice};
}

Requirement compile_from(const StageName& stage) {
  return {.kind = RuleKind::from,
          .rule = fmt::format("from {}", stage.text()),
          .key = {},
          .field = "version",
          .comparator = Comparator::equal,
          .stage = stage.text()};
}

Requirement compile(const MetricRule& rule) {
  return {.kind = RuleKind::metric,
          .rule = fmt::format("{} on {} {} {}", rule.name, on(rule.dataset, rule.slice),
                              to_text(rule.comparator), rule.bound),
          .key = evaluation_key(rule.dataset, rule.slice),
          .field = rule.name,
          .comparator = rule.comparator,
          .bound = rule.bound,
          .stage = {}};
}

Requirement compile(const ChampionRule& rule) {
  return {.kind = RuleKind::champion,
          .rule = fmt::format("{} on {} against the champion, margin {}", rule.name,
                              on(rule.dataset, rule.slice), rule.margin),
          .key = evaluation_key(rule.dataset, rule.slice),
          .field = rule.name,
          .comparator = Comparator::at_least,
          .base = BoundBase::champion,
          .bound = rule.margin,
          .stage = {}};
}

Requirement compile(const ValidationRule& rule) {
  return {
      .kind = RuleKind::validation,
      .rule = fmt::format("validation of {} below {}", rule.dataset.reference, to_text(rule.severity_below)),
      .key = EvidenceKey{.kind = EvidenceKind::validation,
                         .dataset_reference = rule.dataset.reference,
                         .dataset = rule.dataset.digest,
                         .slice = {},
                         .severity = rule.severity_below},
      .field = fmt::format("{}_findings", to_text(rule.severity_below)),
      .comparator = Comparator::at_most,
      .bound = 0,
      .stage = {}};
}

Requirement compile_age(Duration max_age) {
  return {.kind = RuleKind::evidence,
          .rule = fmt::format("evidence at most {} old", format_duration(max_age)),
          .key = {},
          .field = "age_s",
          .comparator = Comparator::at_most,
          .bound = static_cast<double>(max_age.count()) / 1000.0,
          .stage = {},
          .otherwise = RuleVerdict::stale};
}

Requirement compile_level(Level level) {
  return {.kind = RuleKind::evidence,
          .rule = fmt::format("evidence of level {}", to_text(level)),
          .key = {},
          .field = "level",
          .comparator = Comparator::at_least,
          .bound = static_cast<double>(level),
          .stage = {},
          .otherwise = RuleVerdict::missing};
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

json rule_json(const MetricRule& rule) {
  json out = with_slice(dataset_json(rule.dataset), rule.slice);
  out["name"] = rule.name;
  out[rule.comparator == Comparator::at_least ? "at_least" : "at_most"] = rule.bound;
  return {{"metric", out}};
}

json rule_json(const ChampionRule& rule) {
  json out = with_slice(dataset_json(rule.dataset), rule.slice);
  out["name"] = rule.name;
  out["margin"] = rule.margin;
  return {{"champion", out}};
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
  const json& rules = object.array("rules", kMaxRules);
  for (std::size_t i = 0; i < rules.size(); ++i)
    policy.rules_.push_back(read_policy_rule(rules[i], fmt::format("rules[{}]", i)));
  return policy;
}

Policy Policy::resolved(const std::function<PolicyDataset(const PolicyDataset&)>& resolve) const {
  Policy out = *this;
  for (PolicyRule& rule : out.rules_)
    std::visit(Overload{[](EvidenceRule&) {}, [&](auto& named) { named.dataset = resolve(named.dataset); }},
               rule);
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
  for (const PolicyRule& rule : policy.rules())
    out["rules"].push_back(std::visit([](const auto& one) { return rule_json(one); }, rule));
}

}  // namespace assay
