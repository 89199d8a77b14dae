// SPDX-License-Identifier: Apache-2.0
// The library's one entry point.
#include "assay_manifest.h"
#include "evaluator.h"

ASSAY_PLUGIN(assay_manifest, assay::classification::Evaluator)
