// SPDX-License-Identifier: Apache-2.0
// What a host offers besides its calls (assay/ext), to plugins in a worker and in-process alike; only scratch room is lent
// in another way by each.
#pragma once

#include "assay/ext/scratch.h"

namespace assay::worker {

// The service behind that id, which lives for ever; null when there is none. `scratch` does too.
const void* lent_service(const char* id, const assay_scratch_v1& scratch);

}  // namespace assay::worker
