// SPDX-License-Identifier: Apache-2.0
// What may stand in the tables that a plugin answers.
#pragma once

#include "registry/plugin_host/worker/check/run.h"

namespace assay::worker::check {

// No number in the scores is NaN or infinite; `what` was scored.
void demand_finite(const Component& component, const ArrowSchema& schema, const ArrowArray& scores,
                   const std::string& what);
// Finishes the state: the columns are those of its capability, and each value can be true of that many rows.
void demand_true_table(State& state, const Component& component, std::int64_t rows_seen,
                       fake::FakeBundle* extras = nullptr);

}  // namespace assay::worker::check
