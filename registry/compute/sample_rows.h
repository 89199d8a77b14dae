// SPDX-License-Identifier: Apache-2.0
// A share of a table's rows, for trials that need not see all of them.
#pragma once

#include <cstdint>

#include "registry/compute/table.h"

namespace assay {

// About `share` (0 … 1) of the rows, in their order, chosen by the seed and the row's number: a smaller share
// is part of a larger one. The table itself when the share is 1.
TablePtr sample_rows(const TablePtr& table, double share, std::uint64_t seed);

}  // namespace assay
