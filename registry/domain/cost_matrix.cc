// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/cost_matrix.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "registry/domain/json_reader.h"

namespace assay {

std::string cost_text(const CostMatrix& matrix) {
  std::string out;
  for (const auto& [name, cost] : {std::pair("tp", matrix.true_positive), std::pair("fp", matrix.false_positive),
                                   std::pair("fn", matrix.false_negative), std::pair("tn", matrix.true_negative)})
    if (cost != 0) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, cost);
  return out.empty() ? "nothing" : out;
}

void to_json(nlohmann::json& json, const CostMatrix& matrix) {
  json = {{"tp", matrix.true_positive},
          {"fp", matrix.false_positive},
          {"fn", matrix.false_negative},
          {"tn", matrix.true_negative}};
}

CostMatrix cost_matrix_from_json(const nlohmann::json& document, const std::string& what) {
  JsonObject object(document, what);
  const CostMatrix matrix{.true_positive = object.optional_number("tp").value_or(0),
                          .false_positive = object.number("fp"),
                          .false_negative = object.number("fn"),
                          .true_negative = object.optional_number("tn").value_or(0)};
  object.finish();
  return matrix;
}

}  // namespace assay
