// SPDX-License-Identifier: Apache-2.0
// The library's one entry point.
#include "assay_manifest.h"
#include "detector.h"

ASSAY_PLUGIN(assay_manifest, assay::drift::Detector)
