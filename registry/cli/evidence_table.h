// SPDX-License-Identifier: Apache-2.0
// The result tables of evaluators, drift detectors and validators, for people.
#pragma once

#include <iosfwd>

#include "registry/cli/command.h"
#include "registry/compute/evidence_result.h"

namespace assay::cli {

void print_rows(const EvidenceRows& rows, std::ostream& out);
// Prints the result as the context asks for it, and answers the exit code: 10 when it says no.
int finish_evidence(Context& context, const EvidenceResult& result);

}  // namespace assay::cli
