// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/problem.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

std::string short_text(const std::string& key, std::string text) {
  if (text.empty()) throw Error(Code::invalid_argument, fmt::format("problem: {} is empty: say what it is", key));
  if (text.size() > Problem::kMaxText)
    throw Error(Code::too_large, fmt::format("problem: {} is longer than {} bytes", key, Problem::kMaxText));
  return text;
}

Guardrail guardrail_from(const json& document, std::size_t position) {
  JsonObject object(document, fmt::format("problem: guardrails[{}]", position));
  const auto least = object.optional_number("at_least"), most = object.optional_number("at_most");
  if (least.has_value() == most.has_value())
    throw Error(Code::invalid_argument,
                fmt::format("problem: guardrails[{}] needs one of at_least and at_most", position));
  Guardrail guardrail{.name = short_text("guardrails.name", object.text("name")),
                      .comparator = least ? Comparator::at_least : Comparator::at_most,
                      .bound = least ? *least : *most};
  object.finish();
  return guardrail;
}

}  // namespace

Problem Problem::parse(const json& document) {
  JsonObject object(document, "problem");
  Problem problem{.target = short_text("target", object.text("target")),
                  .unit = short_text("unit", object.text("unit")),
                  .primary_metric = short_text("primary_metric", object.text("primary_metric")),
                  .owner = short_text("owner", object.text("owner")),
                  .margin = object.optional_number("margin").value_or(0)};
  if (auto description = object.optional_text("description"))
    problem.description = short_text("description", *std::move(description));
  if (const json* matrix = object.optional_object("cost_matrix"))
    problem.cost_matrix = cost_matrix_from_json(*matrix, "problem: cost_matrix");
  if (const json* guardrails = object.optional_array("guardrails", kMaxGuardrails))
    for (std::size_t i = 0; i < guardrails->size(); ++i)
      problem.guardrails.push_back(guardrail_from((*guardrails)[i], i));
  object.finish();
  return problem;
}

Digest Problem::digest() const {
  return canonical_digest(*this);
}

std::string guardrail_text(const Guardrail& guardrail) {
  return fmt::format("{} {} {}", guardrail.name, to_text(guardrail.comparator), guardrail.bound);
}

void to_json(json& out, const Problem& problem) {
  out = {{"target", problem.target},
         {"unit", problem.unit},
         {"primary_metric", problem.primary_metric},
         {"owner", problem.owner},
         {"margin", problem.margin},
         {"guardrails", json::array()}};
  if (!problem.description.empty()) out["description"] = problem.description;
  if (problem.cost_matrix) out["cost_matrix"] = *problem.cost_matrix;
  for (const Guardrail& rail : problem.guardrails)
    out["guardrails"].push_back(
        {{"name", rail.name}, {rail.comparator == Comparator::at_least ? "at_least" : "at_most", rail.bound}});
}

}  // namespace assay
