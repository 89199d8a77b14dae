// SPDX-License-Identifier: Apache-2.0
// Some of a table's rows: those named, or a share of them, for trials that need not see all.
#pragma once

#include <cstdint>
#include <span>

#include "registry/compute/table.h"

namespace assay {

// Copies of those rows, in that order; a row may come again.
TablePtr take_rows(const Table& table, std::span<const std::int64_t> rows);

// About `share` (0 … 1) of the rows, in their order, chosen by the seed and the row's number: a smaller share
// is part of a larger one. The table itself when the share is 1.
TablePtr sample_rows(const TablePtr& table, double share, std::uint64_t seed);

}  // namespace assay
