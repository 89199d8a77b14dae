// SPDX-License-Identifier: Apache-2.0
// The result tables that abi.h fixes for evaluators, drift detectors and validators: their schemas and how a
// table becomes rows.
#pragma once

#include <string_view>

#include "assay/arrow_c.h"
#include "registry/domain/evidence.h"

namespace assay {

inline constexpr std::int64_t kMaxResultRows = 10'000;  // what one evidence record takes

// Throws internal unless the columns are exactly those of the capability's table, in order.
void check_result_schema(const ArrowSchema& schema, std::string_view capability);

// The rows of a decoded table of that schema. Throws internal for nulls where the table has none, a severity
// that is not one, or too many rows.
EvidenceRows read_result(const ArrowArray& table, std::string_view capability);

}  // namespace assay
