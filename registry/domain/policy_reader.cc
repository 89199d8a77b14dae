// SPDX-License-Identifier: Apache-2.0
// The policy language: one table says which rules and keys exist, so that a message can name the nearest.
#include "registry/domain/policy_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "registry/domain/json_reader.h"
#include "registry/domain/nearest.h"
#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxKeys = 16;  // whose signature will do
constexpr std::size_t kMaxSlice = 256;
constexpr std::int64_t kMaxRows = std::int64_t{1} << 53;
constexpr double kMaxConfidence = 0.9999;

struct Vocabulary {
  std::string rule;
  std::vector<std::string> keys;
};

const std::vector<Vocabulary>& rule_vocabularies() {
  static const std::vector<Vocabulary> table = {
      {"metric", {"name", "dataset", "dataset_digest", "slice", "evaluator", "at_least", "at_most"}},
      {"champion",
       {"name", "dataset", "dataset_digest", "slice", "margin", "test", "confidence", "min_rows"}},
      {"slices",
       {"name", "dataset", "dataset_digest", "by", "no_worse_than", "min_rows", "correction", "test", "confidence"}},
      {"fairness", {"metric", "dataset", "dataset_digest", "group", "at_most", "at_least"}},
      {"cost", {"matrix", "dataset", "dataset_digest", "slice", "at_most", "at_most_champion"}},
      {"latency", {"dataset", "dataset_digest", "at", "p50_ms", "p90_ms", "p99_ms"}},
      {"drift", {"plugin", "window", "verdict"}},
      {"baseline", {"beats", "name", "dataset", "dataset_digest", "test", "confidence", "min_rows"}},
      {"validation", {"dataset", "dataset_digest", "severity_below"}},
      {"problem", {}},
      {"artifact", {"card", "lineage", "no_pickle", "signed_by"}},
      {"evidence", {"max_age", "level"}}};
  return table;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

[[noreturn]] void refuse_unknown(std::string_view what, const std::string& word, const std::string& place,
                                 const std::vector<std::string>& known) {
  throw Error(Code::invalid_argument,
              fmt::format("policy: {} has the unknown {} \"{}\"{} (known: {})", place, what,
                          beginning(word), did_you_mean(word, known), joined(known)));
}

void check_keys(const json& object, const Vocabulary& words, const std::string& place) {
  for (const auto& [key, ignored] : object.items()) {
    if (contains(words.keys, key)) continue;
    refuse_unknown("key", key, place, words.keys);
  }
}

std::string word_of(JsonObject& object, const std::string& key, const std::string& place) {
  std::string text = object.text(key);
  if (text.empty() || text.size() > kMaxSlice)
    throw Error(Code::invalid_argument,
                fmt::format("policy: {}.{} must have 1 to {} bytes", place, key, kMaxSlice));
  return text;
}

std::string slice_of(JsonObject& object, const std::string& place) {
  std::string slice = object.optional_text("slice").value_or("");
  if (slice.size() > kMaxSlice)
    throw Error(Code::invalid_argument,
                fmt::format("policy: {}.slice is longer than {} bytes", place, kMaxSlice));
  return slice;
}

PolicyDataset dataset_of(JsonObject& object, const std::string& place) {
  return {.reference = word_of(object, "dataset", place),
          .digest = optional_digest_from(object, "dataset_digest")};
}

// Without a name it is filled in by Policy::parse.
PolicyDataset optional_dataset_of(JsonObject& object, const std::string& place) {
  if (object.optional_any("dataset") == nullptr) return {};
  return dataset_of(object, place);
}

struct Bound {
  Comparator comparator;
  double value;
};
Bound bound_of(JsonObject& object, const std::string& place) {
  const auto at_least = object.optional_number("at_least");
  const auto at_most = object.optional_number("at_most");
  if (at_least.has_value() == at_most.has_value())
    throw Error(
        Code::invalid_argument,
        fmt::format("policy: {} needs one of at_least and at_most: write two rules for a band", place));
  if (at_least) return {Comparator::at_least, *at_least};
  return {Comparator::at_most, *at_most};
}

PolicyRule metric_rule(JsonObject& object, const std::string& place) {
  const Bound bound = bound_of(object, place);
  return MetricRule{.name = word_of(object, "name", place),
                    .dataset = dataset_of(object, place),
                    .slice = slice_of(object, place),
                    .evaluator = object.optional_text("evaluator").value_or(""),
                    .comparator = bound.comparator,
                    .bound = bound.value};
}

std::int64_t min_rows_of(JsonObject& object) {
  return object.optional_integer("min_rows", 0, kMaxRows).value_or(0);
}

std::optional<PairedTest> test_of(JsonObject& object, const std::string& place) {
  const auto test = object.optional_text("test");
  if (!test) return std::nullopt;
  return parse_paired_test(*test, "policy: " + place + ".test");
}

double confidence_of(JsonObject& object, const std::string& place) {
  const double confidence = object.optional_number("confidence").value_or(kConfidence);
  if (confidence >= 0.5 && confidence <= kMaxConfidence) return confidence;
  throw Error(Code::invalid_argument, fmt::format("policy: {}.confidence is {}; it must be from 0.5 to {}", place,
                                                  confidence, kMaxConfidence));
}

// Keys that mean nothing without another one are refused, not ignored.
void only_with(JsonObject& object, std::initializer_list<const char*> keys, const char* needed,
               const std::string& place) {
  for (const char* key : keys)
    if (object.optional_any(key) != nullptr)
      throw Error(Code::invalid_argument,
                  fmt::format("policy: {}.{} means nothing without {}: add it", place, key, needed));
}

PolicyRule slices_rule(JsonObject& object, const std::string& place) {
  SlicesRule rule{.name = word_of(object, "name", place),
                  .dataset = optional_dataset_of(object, place),
                  .by = word_of(object, "by", place),
                  .no_worse_than = object.number("no_worse_than"),
                  .min_rows = min_rows_of(object)};
  const auto correction = object.optional_text("correction");
  if (!correction) {
    only_with(object, {"test", "confidence"}, "\"correction\": \"holm\"", place);
    return rule;
  }
  if (*correction != "holm")
    throw Error(Code::invalid_argument, fmt::format("policy: {}.correction is \"{}\"; it can only be holm", place,
                                                    beginning(*correction)));
  rule.holm = true;
  rule.test = test_of(object, place).value_or(rule.test);
  rule.confidence = confidence_of(object, place);
  return rule;
}

PolicyRule baseline_rule(JsonObject& object, const std::string& place) {
  BaselineRule rule{.beats = word_of(object, "beats", place),
                    .name = {},  // without one it is filled in by Policy::parse
                    .dataset = optional_dataset_of(object, place),
                    .min_rows = min_rows_of(object)};
  if (object.optional_any("name") != nullptr) rule.name = word_of(object, "name", place);
  rule.test = test_of(object, place).value_or(rule.test);
  rule.confidence = confidence_of(object, place);
  return rule;
}

PolicyRule fairness_rule(JsonObject& object, const std::string& place) {
  const Bound bound = bound_of(object, place);
  return FairnessRule{
      .metric = parse_fairness_metric(object.text("metric"), "policy: " + place + ".metric"),
      .dataset = optional_dataset_of(object, place),
      .group = word_of(object, "group", place),
      .comparator = bound.comparator,
      .bound = bound.value};
}

PolicyRule cost_rule(JsonObject& object, const std::string& place) {
  CostRule rule{.matrix = cost_matrix_from_json(object.object("matrix"), "policy: " + place + ".matrix"),
                .dataset = optional_dataset_of(object, place),
                .slice = slice_of(object, place),
                .at_most = object.optional_number("at_most"),
                .at_most_champion = object.boolean("at_most_champion", false)};
  if (rule.at_most || rule.at_most_champion) return rule;
  throw Error(Code::invalid_argument,
              fmt::format("policy: {} asks nothing: give at_most, \"at_most_champion\": true, or both", place));
}

PolicyRule latency_rule(JsonObject& object, const std::string& place) {
  LatencyRule rule{.quantile = {},
                   .dataset = optional_dataset_of(object, place),
                   .at = word_of(object, "at", place)};
  for (const char* quantile : {"p50_ms", "p90_ms", "p99_ms"}) {
    const auto most = object.optional_number(quantile);
    if (!most) continue;
    if (!rule.quantile.empty())
      throw Error(Code::invalid_argument,
                  fmt::format("policy: {} has both {} and {}: write a rule for each", place, rule.quantile, quantile));
    rule.quantile = quantile;
    rule.bound = *most;
  }
  if (!rule.quantile.empty()) return rule;
  throw Error(Code::invalid_argument, fmt::format("policy: {} needs one of p50_ms, p90_ms and p99_ms", place));
}

PolicyRule drift_rule(JsonObject& object, const std::string& place) {
  if (const std::string verdict = object.optional_text("verdict").value_or("none"); verdict != "none")
    throw Error(Code::invalid_argument,
                fmt::format("policy: {}.verdict is \"{}\"; it can only be none", place, beginning(verdict)));
  return DriftRule{.plugin = word_of(object, "plugin", place), .window = parse_duration(object.text("window"))};
}

PolicyRule champion_rule(JsonObject& object, const std::string& place) {
  ChampionRule rule{.name = word_of(object, "name", place),
                    .dataset = dataset_of(object, place),
                    .slice = slice_of(object, place),
                    .margin = object.number("margin"),
                    .min_rows = min_rows_of(object),
                    .test = test_of(object, place)};
  if (rule.test)
    rule.confidence = confidence_of(object, place);
  else
    only_with(object, {"confidence"}, "test", place);
  return rule;
}

PolicyRule validation_rule(JsonObject& object, const std::string& place) {
  return ValidationRule{.dataset = dataset_of(object, place),
                        .severity_below = parse_severity(object.text("severity_below"),
                                                         "policy: " + place + ".severity_below")};
}

PolicyRule evidence_rule(JsonObject& object, const std::string& place) {
  EvidenceRule rule;
  if (const auto age = object.optional_text("max_age")) rule.max_age = parse_duration(*age);
  if (const auto level = object.optional_text("level"))
    rule.level = parse_level(*level, "policy: " + place + ".level");
  if (!rule.max_age && !rule.level)
    throw Error(Code::invalid_argument,
                fmt::format("policy: {} asks nothing: give max_age, level or both", place));
  return rule;
}

PolicyRule problem_rule(const json& value, const std::string& place) {
  if (value == "required") return ProblemRule{};
  throw Error(Code::invalid_argument, fmt::format("policy: {} can only be \"required\"", place));
}

bool asked(JsonObject& object, const std::string& key, const char* word, const std::string& place) {
  const auto text = object.optional_text(key);
  if (!text || *text == word) return text.has_value();
  throw Error(Code::invalid_argument, fmt::format("policy: {}.{} can only be \"{}\"", place, key, word));
}

PolicyRule artifact_rule(JsonObject& object, const std::string& place) {
  ArtifactRule rule{.card = asked(object, "card", "required", place),
                    .lineage = asked(object, "lineage", "complete", place),
                    .no_pickle = object.boolean("no_pickle", false)};
  if (const json* keys = object.optional_array("signed_by", kMaxKeys))
    for (const json& key : *keys)
      rule.signed_by.push_back(KeyName::parse(key.is_string() ? key.get_ref<const std::string&>() : ""));
  if (rule.card || rule.lineage || rule.no_pickle || !rule.signed_by.empty()) return rule;
  throw Error(Code::invalid_argument,
              fmt::format("policy: {} asks nothing: give card, lineage, no_pickle or signed_by", place));
}

const Vocabulary& vocabulary_of(const std::string& kind, const std::string& place) {
  std::vector<std::string> known;
  for (const Vocabulary& words : rule_vocabularies()) {
    if (words.rule == kind) return words;
    known.push_back(words.rule);
  }
  refuse_unknown("rule", kind, place, known);
}

}  // namespace

PolicyRule read_policy_rule(const json& rule, const std::string& place) {
  if (!rule.is_object() || rule.size() != 1)
    throw Error(Code::invalid_argument,
                fmt::format("policy: {} must be an object with one member, the rule's kind, such as "
                            "{{\"metric\": {{…}}}}",
                            place));
  const std::string kind = rule.begin().key();
  const Vocabulary& words = vocabulary_of(kind, place);
  const std::string inner = place + "." + kind;
  if (kind == "problem") return problem_rule(rule.begin().value(), inner);
  JsonObject object(rule.begin().value(), "policy: " + inner);
  check_keys(rule.begin().value(), words, inner);
  if (kind == "metric") return metric_rule(object, inner);
  if (kind == "champion") return champion_rule(object, inner);
  if (kind == "slices") return slices_rule(object, inner);
  if (kind == "fairness") return fairness_rule(object, inner);
  if (kind == "cost") return cost_rule(object, inner);
  if (kind == "latency") return latency_rule(object, inner);
  if (kind == "drift") return drift_rule(object, inner);
  if (kind == "baseline") return baseline_rule(object, inner);
  if (kind == "validation") return validation_rule(object, inner);
  if (kind == "artifact") return artifact_rule(object, inner);
  return evidence_rule(object, inner);
}

ApprovalTerms read_approval_terms(const json& terms) {
  const Vocabulary words = {"", {"count", "role", "author_may_not"}};
  JsonObject object(terms, "policy: approvals");
  check_keys(terms, words, "approvals");
  const Role role = parse_role(object.optional_text("role").value_or("promoter"));
  if (role != Role::promoter && role != Role::admin)
    throw Error(Code::invalid_argument,
                "policy: approvals.role must be promoter or admin: an approval moves the stage");
  return {.count = static_cast<int>(object.integer("count", 1, ApprovalTerms::kMost)),
          .role = role,
          .author_may_not = object.boolean("author_may_not", false)};
}

std::vector<FreezeWindow> read_freezes(const json& windows) {
  std::vector<FreezeWindow> out;
  for (const json& window : windows)
    out.push_back(FreezeWindow::parse(window.is_string() ? window.get_ref<const std::string&>() : ""));
  return out;
}

void check_policy_keys(const json& document) {
  check_keys(document, {"", {"stage", "from", "rules", "approvals", "freeze"}}, "the document");
}

}  // namespace assay
