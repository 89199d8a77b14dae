// SPDX-License-Identifier: Apache-2.0
// Which blobs a caller may have. The one place that decides it, for downloads, publishing and copying alike.
#pragma once

#include <vector>

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

// Those of `digests` that the caller may have, in the same order.
std::vector<Digest> readable_of(Snapshot& snapshot, const Principal& caller,
                                const std::vector<Digest>& digests);

}  // namespace assay
