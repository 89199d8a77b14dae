// SPDX-License-Identifier: Apache-2.0
// Takes one blob in, streamed. It becomes readable by its uploader; a version makes it readable by others.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "registry/access/principal.h"
#include "registry/service/services.h"
#include "storage/blob/blob_store.h"

namespace assay {

// One upload; one thread at a time. Destroying it unfinished keeps nothing.
class Upload {
 public:
  // Needs `register` in some namespace (denied otherwise), checked before any byte is taken. `options`
  // carries what the caller promised of digest and size. Throws unavailable when the store takes no writes.
  Upload(const Services& services, const Principal& caller, const UploadOptions& options);

  // As BlobUpload::write.
  void write(std::span<const std::byte> bytes);

  // The blob is durable, and recorded as uploaded by the caller, when this returns. Whether it was there
  // before is not told. Throws as BlobUpload::finish: invalid_argument for a wrong digest or size, and
  // nothing is kept.
  BlobInfo finish();

 private:
  Services services_;
  Principal caller_;
  std::unique_ptr<BlobUpload> upload_;
};

}  // namespace assay
