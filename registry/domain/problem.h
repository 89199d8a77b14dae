// SPDX-License-Identifier: Apache-2.0
// What a model is for, said before anybody trains one: what is predicted about what, which number says how good it is,
// what mistakes cost, what must not get worse, and who answers for it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "registry/domain/requirement.h"
#include "storage/base/digest.h"

namespace assay {

// A metric that must keep a bound whatever the primary one does.
struct Guardrail {
  std::string name;
  Comparator comparator = Comparator::at_least;
  double bound = 0;

  bool operator==(const Guardrail&) const = default;
};

struct Problem {
  static constexpr std::size_t kMaxGuardrails = 32;
  static constexpr std::size_t kMaxText = 4096;  // bytes of each member

  std::string target;          // the column predicted
  std::string unit;            // what a row is: "a customer in a month"
  std::string primary_metric;  // as evaluators call it
  std::string owner;           // who answers for the model
  std::string description{};
  double margin = 0;  // by how much the primary metric must beat the champion's; negative: may fall short
  std::optional<CostMatrix> cost_matrix{};
  std::vector<Guardrail> guardrails{};

  // Throws invalid_argument naming the member, too_large past the limits.
  static Problem parse(const nlohmann::json& document);
  Digest digest() const;  // of the canonical document

  bool operator==(const Problem&) const = default;
};

void to_json(nlohmann::json& json, const Problem& problem);

// For people: "recall >= 0.6"
std::string guardrail_text(const Guardrail& guardrail);

}  // namespace assay
