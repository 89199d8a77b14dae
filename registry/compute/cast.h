// SPDX-License-Identifier: Apache-2.0
// A table made to fit the columns that a model declares: same names, same types, same order, or an error that
// says what to do. Never a silent default.
#pragma once

#include <string_view>

#include "registry/compute/table.h"

namespace assay {

// The declared columns of `table`, in declared order. i64 becomes f64; an f64 column of whole numbers becomes
// i64; 0/1 becomes bool and bool becomes a number; anything becomes utf8; a column of nulls becomes anything.
// Throws invalid_argument for a missing column (naming it and the nearest present name) and for a value that
// does not fit (naming column and row). `what` is how the table is called in messages, `wanted_by` who
// declared the columns ("default/churn@3"). The values are copied, into `memory`.
TablePtr cast_table(const Table& table, const TableSchema& declared, std::string_view what,
                    std::string_view wanted_by, const TableMemory& memory = nullptr);

}  // namespace assay
