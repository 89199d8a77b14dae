// SPDX-License-Identifier: Apache-2.0
// Comparison: two models score the same rows, and an evaluator that can tell how far luck reaches folds both into
// differences. Made before any promotion and bound to both digests, so that a gate need not compute.
#pragma once

#include <string>

#include "registry/compute/evaluate.h"

namespace assay {

// As evaluate, with the model `against` as the reference. Throws invalid_argument when both are one version or were
// trained on different labels and none is named, unsupported when the evaluator cannot compare.
EvidenceResult compare(const EvaluateRequest& request, const std::string& against, Workbench bench,
                       const CallOptions& options, Progress& progress);

}  // namespace assay
