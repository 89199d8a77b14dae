// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace assay {

// What each outcome of a binary decision costs; a benefit is negative. The value of a cost rule is their mean over
// all rows.
struct CostMatrix {
  double true_positive = 0, false_positive = 0, false_negative = 0, true_negative = 0;

  bool operator==(const CostMatrix&) const = default;
};

// For people: "fp 20, fn 500", what costs nothing left out.
std::string cost_text(const CostMatrix& matrix);
// {"tp","fp","fn","tn"}
void to_json(nlohmann::json& json, const CostMatrix& matrix);
// The mistakes must be there; what is right costs nothing unless it says so. Throws invalid_argument, `what` names the
// object.
CostMatrix cost_matrix_from_json(const nlohmann::json& document, const std::string& what);

}  // namespace assay
