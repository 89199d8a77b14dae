// SPDX-License-Identifier: Apache-2.0
// Which blobs a caller may have. The one place that decides it, for downloads and for publishing alike.
#pragma once

#include "registry/access/principal.h"
#include "storage/base/digest.h"

namespace assay {

class Snapshot;

enum class BlobAccess {
  none,      // treat it as if it did not exist
  uploaded,  // the caller sent it
  held,      // a version that the caller may read has it
};

BlobAccess blob_access(Snapshot& snapshot, const Principal& caller, const Digest& digest);

}  // namespace assay
