// SPDX-License-Identifier: Apache-2.0
// The library's one entry point.
#include "assay_manifest.h"
#include "validator.h"

ASSAY_PLUGIN(assay_manifest, assay::table_contract::Validator)
