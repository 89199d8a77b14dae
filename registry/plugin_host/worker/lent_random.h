// SPDX-License-Identifier: Apache-2.0
// The service assay.host.rng/1, for plugins in a worker and in-process alike.
#pragma once

#include "assay/ext/rng.h"

namespace assay::worker {

// Lives for ever.
const assay_rng_v1* lent_random();

}  // namespace assay::worker
