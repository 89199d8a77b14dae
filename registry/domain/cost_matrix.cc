// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/cost_matrix.h"

#include <nlohmann/json.hpp>

#include "registry/domain/json_reader.h"

namespace assay {

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
