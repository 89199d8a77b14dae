// SPDX-License-Identifier: Apache-2.0
// Takes one blob in, whole and streamed. It becomes readable by its uploader; a version makes it readable by
// others. upload_sessions.h takes one in with pauses, and copies what is here already.
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
  // carries what the caller promised of digest and size; of its parents, those that the caller may not read
  // are passed over. Throws unavailable when the store takes no writes, and full when the size is beyond
  // every quota that the caller has, or beyond what the disk can take.
  Upload(const Services& services, const Principal& caller, const UploadOptions& options);

  // As BlobUpload::write; full already when the disk's reserve is reached.
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

// Notes, durably, that the caller has sent this blob, which is stored: from now on it may be read by them.
void record_uploaded(const Services& services, const Principal& caller, const BlobInfo& blob);

}  // namespace assay
