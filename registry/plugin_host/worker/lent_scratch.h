// SPDX-License-Identifier: Apache-2.0
// The service assay.host.scratch/1 in a worker, which opens no files: the host makes one and sends it along.
#pragma once

#include "assay/ext/scratch.h"

namespace assay::worker {

// Lives for ever.
const assay_scratch_v1* lent_scratch();

}  // namespace assay::worker
