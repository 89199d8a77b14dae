// SPDX-License-Identifier: Apache-2.0
// Rows of several words put in order: by one of the words, or by all of them.
#pragma once

#include <cstdint>
#include <vector>

#include "grouped_rows.h"

namespace assay::classification {

// In an order of rows, set where the next row is equal: the others of the 32 bits are the row.
inline constexpr std::uint32_t kTiedWithNext = std::uint32_t{1} << 31;

// The rows by ascending word `at`, which is below 2^62, with kTiedWithNext; rows of an equal word as they
// stand. `spare` is room that calls share.
std::vector<std::uint32_t> order_by(const Words& rows, std::size_t width, std::size_t at, Words& spare,
                                    const Poll& poll);

// Puts the rows in an order that depends on nothing but the rows. Of several words, each but the last is below
// 2^62.
void sort_rows(Words& rows, std::size_t width, Words& spare, const Poll& poll);

}  // namespace assay::classification
