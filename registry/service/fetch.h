// SPDX-License-Identifier: Apache-2.0
// Gives bytes out: a blob by digest, or a version's file by path.
#pragma once

#include <memory>

#include "registry/access/principal.h"
#include "registry/domain/artifact.h"
#include "registry/service/services.h"
#include "storage/blob/blob_store.h"

namespace assay {

// Knowing a digest gives nothing: a blob that the caller neither uploaded nor may read through a version is
// not_found, exactly as one that does not exist.
BlobInfo stat_blob(const Services& services, const Principal& caller, const Digest& digest);
// As above; throws invalid_argument when the range starts past the end, corrupt when the bytes are damaged.
// The reader must not outlive the store.
std::unique_ptr<BlobReader> open_blob(const Services& services, const Principal& caller, const Digest& digest,
                                      const ByteRange& range = {});

// The file of a version. Needs `read` on the namespace; throws not_found naming the nearest path. Open its
// blob with open_blob.
VersionFile find_file(const Services& services, const Principal& caller, Kind kind, const Name& name,
                      const Selector& selector, const FilePath& path);

}  // namespace assay
