// SPDX-License-Identifier: Apache-2.0
#include "registry/service/readable_blobs.h"

#include "registry/catalog/uploads.h"
#include "registry/service/record_evidence.h"

namespace assay {

BlobAccess blob_access(Snapshot& snapshot, const Principal& caller, const Digest& digest) {
  if (is_held_in(snapshot, digest, readable_spaces(caller))) return BlobAccess::held;
  return was_uploaded_by(snapshot, caller.id, digest) ? BlobAccess::uploaded : BlobAccess::none;
}

}  // namespace assay
