// SPDX-License-Identifier: Apache-2.0
// What models are for: documents that replace each other and all stay.
#pragma once

#include <optional>
#include <string>

#include "registry/catalog/database.h"
#include "registry/domain/name.h"
#include "registry/domain/problem.h"

namespace assay {

// The newest one, or that of a time.
std::optional<Problem> find_problem(Snapshot& snapshot, const Name& model, const std::optional<Time>& as_of = {});
// Throws not_found when there is no such model.
void append_problem(Transaction& transaction, const Name& model, const Problem& problem, const std::string& actor,
                    Time at);

}  // namespace assay
