// SPDX-License-Identifier: Apache-2.0
// Makes the evidence that a decision says it lacks: `assay promote --prepare`.
#pragma once

#include "registry/cli/command.h"
#include "registry/domain/decision.h"

namespace assay::cli {

// Evaluates, compares and validates what the rules of `decision` need, each thing once, with a line on stderr for the
// command that it stands for. What it cannot make it says there too. Answers how many records it made.
int prepare_evidence(Context& context, const Decision& decision);

}  // namespace assay::cli
