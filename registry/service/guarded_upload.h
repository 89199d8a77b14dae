// SPDX-License-Identifier: Apache-2.0
// An upload into the store that ends where there is no room for it: the one way in for bytes from outside.
#pragma once

#include <memory>

#include "registry/access/principal.h"
#include "registry/service/services.h"
#include "storage/blob/blob_store.h"

namespace assay {

// As BlobStore::begin_upload. Throws full when the announced size is beyond every quota that the caller has,
// or beyond what the data disk takes; its write() does when the disk comes to its reserve meanwhile.
std::unique_ptr<BlobUpload> begin_guarded_upload(const Services& services, const Principal& caller,
                                                 const UploadOptions& options);

}  // namespace assay
