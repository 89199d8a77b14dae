// SPDX-License-Identifier: Apache-2.0
#include "registry/service/readable_blobs.h"

#include <algorithm>
#include <iterator>

#include "registry/catalog/uploads.h"
#include "registry/service/record_evidence.h"

namespace assay {

BlobAccess blob_access(Snapshot& snapshot, const Principal& caller, const Digest& digest) {
  if (is_held_in(snapshot, digest, readable_spaces(caller))) return BlobAccess::held;
  return was_uploaded_by(snapshot, caller.id, digest) ? BlobAccess::uploaded : BlobAccess::none;
}

std::vector<Digest> readable_of(Snapshot& snapshot, const Principal& caller,
                                const std::vector<Digest>& digests) {
  std::vector<Digest> out;
  std::copy_if(digests.begin(), digests.end(), std::back_inserter(out), [&](const Digest& digest) {
    return blob_access(snapshot, caller, digest) != BlobAccess::none;
  });
  return out;
}

}  // namespace assay
