// SPDX-License-Identifier: Apache-2.0
// What a dataset looks like at a glance: kept with its version and shown by `assay show`. Not evidence.
#pragma once

#include <string>

#include "registry/compute/table.h"

namespace assay {

inline constexpr std::size_t kMaxDistinctCounted = 10'000;  // past it the count stops and says so
inline constexpr std::size_t kTopValues = 10;

// Canonical JSON: {"rows":n,"columns":[{"name","type","nulls","distinct","distinct_capped", and for numbers
// "min","max", "mean","std" (sample, n-1), for texts "min_length","max_length", and "top":[{"value","count"}]
// when distinct is not capped}]}. NaN and infinities are counted as "non_finite" and left out of the moments.
std::string profile_json(const Table& table);

}  // namespace assay
