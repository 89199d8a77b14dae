// SPDX-License-Identifier: Apache-2.0
#include "registry/service/upload.h"

#include "registry/catalog/uploads.h"
#include "storage/env/clock.h"

namespace assay {

Upload::Upload(const Services& services, const Principal& caller, const UploadOptions& options)
    : services_(services), caller_(caller) {
  require_somewhere(caller_, Permission::register_);
  upload_ = services_.blobs.begin_upload(options);
}

void Upload::write(std::span<const std::byte> bytes) {
  upload_->write(bytes);
}

// The bytes first: a ledger row may only ever speak of a blob that is there.
BlobInfo Upload::finish() {
  const BlobInfo blob = upload_->finish();
  const UploadRecord record{caller_.id, blob.digest, blob.size, services_.clock.now()};
  services_.database.write([&](Transaction& transaction) { record_upload(transaction, record); });
  return blob;
}

}  // namespace assay
