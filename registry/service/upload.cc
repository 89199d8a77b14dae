// SPDX-License-Identifier: Apache-2.0
#include "registry/service/upload.h"

#include "registry/catalog/uploads.h"
#include "registry/service/guarded_upload.h"
#include "registry/service/readable_blobs.h"
#include "storage/env/clock.h"

namespace assay {

Upload::Upload(const Services& services, const Principal& caller, const UploadOptions& options)
    : services_(services), caller_(caller) {
  require_somewhere(caller_, Permission::register_);
  UploadOptions allowed = options;
  if (!options.parents.empty())
    allowed.parents = services_.database.read(
        [&](Snapshot& snapshot) { return readable_of(snapshot, caller_, options.parents); });
  upload_ = begin_guarded_upload(services_, caller_, allowed);
}

void Upload::write(std::span<const std::byte> bytes) {
  upload_->write(bytes);
}

// The bytes first: a ledger row may only ever speak of a blob that is there. The upload keeps it from being
// collected until its own end.
BlobInfo Upload::finish() {
  const BlobInfo blob = upload_->finish();
  record_uploaded(services_, caller_, blob);
  return blob;
}

void record_uploaded(const Services& services, const Principal& caller, const BlobInfo& blob) {
  const UploadRecord record{caller.id, blob.digest, blob.size, services.clock.now()};
  services.database.write([&](Transaction& transaction) { record_upload(transaction, record); });
}

}  // namespace assay
