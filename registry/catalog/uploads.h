// SPDX-License-Identifier: Apache-2.0
// Who may have which bytes: those that a token uploaded, and those that a version of a namespace holds.
#pragma once

#include "registry/catalog/database.h"
#include "registry/domain/readable_spaces.h"

namespace assay {

struct UploadRecord {
  Id principal;  // the token's id
  Digest digest;
  std::uint64_t size;
  Time time;
};

// Uploading the same again renews its time.
void record_upload(Transaction& transaction, const UploadRecord& upload);
// Removes at most `limit` rows from before that time whose blob no live version has; how many.
std::int64_t forget_uploads(Transaction& transaction, Time before, int limit);
bool was_uploaded_by(Snapshot& snapshot, const Id& principal, const Digest& digest);

// Whether a version in one of the namespaces has the blob as a file, as its config or as its manifest.
bool is_held_in(Snapshot& snapshot, const Digest& blob, const ReadableSpaces& spaces);

}  // namespace assay
