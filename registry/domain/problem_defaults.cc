// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/problem_defaults.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

// A rule that wants something of the problem.
struct Wanting {
  const std::optional<Problem>& problem;
  const std::string& model;
  std::string place;  // "rules[2].cost"

  const Problem& need(const std::string& what) const {
    if (problem) return *problem;
    throw Error(Code::invalid_argument,
                fmt::format("policy: {} has no {}, and {} has no problem document to take it from: give it, or say what "
                            "the model is for with assay problem set",
                            place, what, model));
  }
  [[noreturn]] void miss(const std::string& what) const {
    throw Error(Code::invalid_argument, fmt::format("policy: {} takes its {} from the problem of {}, which has none", place,
                                                    what, model));
  }
};

void fill_name(json& rule, const Wanting& wanting) {
  if (!rule.contains("name")) rule["name"] = wanting.need("name").primary_metric;
}

void fill_margin(json& rule, const Wanting& wanting) {
  if (!rule.contains("margin") && wanting.problem && rule["name"] == wanting.problem->primary_metric)
    rule["margin"] = wanting.problem->margin;
}

void fill_matrix(json& rule, const Wanting& wanting) {
  if (rule.contains("matrix")) return;
  const Problem& problem = wanting.need("matrix");
  if (!problem.cost_matrix) wanting.miss("cost_matrix");
  rule["matrix"] = json(problem).at("cost_matrix");
}

void add_guardrails(json& rules, const json& rule, const Wanting& wanting) {
  const Problem& problem = wanting.need("guardrails of its own");
  if (problem.guardrails.empty()) wanting.miss("guardrails");
  const json document = problem;
  for (const json& guardrail : document.at("guardrails")) {
    json metric = rule;  // its dataset, and whatever else a metric rule may be told
    metric.update(guardrail);
    rules.push_back({{"metric", std::move(metric)}});
  }
}

void add_filled(json& rules, json rule, Wanting wanting) {
  if (!rule.is_object() || rule.size() != 1 || !rule.begin()->is_object()) return rules.push_back(std::move(rule));
  const std::string kind = rule.begin().key();
  wanting.place += "." + kind;
  if (kind == "guardrails") return add_guardrails(rules, *rule.begin(), wanting);
  if (kind == "metric" || kind == "champion" || kind == "slices") fill_name(*rule.begin(), wanting);
  if (kind == "champion") fill_margin(*rule.begin(), wanting);
  if (kind == "cost") fill_matrix(*rule.begin(), wanting);
  rules.push_back(std::move(rule));
}

}  // namespace

json with_problem(json document, const std::optional<Problem>& problem, const std::string& model) {
  if (!document.is_object() || !document.contains("rules") || !document["rules"].is_array()) return document;
  json rules = json::array();
  std::size_t number = 0;
  for (json& rule : document["rules"])
    add_filled(rules, std::move(rule), {problem, model, fmt::format("rules[{}]", number++)});
  document["rules"] = std::move(rules);
  return document;
}

}  // namespace assay
