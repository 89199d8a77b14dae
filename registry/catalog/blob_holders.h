// SPDX-License-Identifier: Apache-2.0
// Which versions hold a blob, and who uploaded it: the catalogue's half of the answer to "why is this here?".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/artifact.h"
#include "registry/domain/readable_spaces.h"

namespace assay {

struct BlobHolder {
  Kind kind;
  Name name;
  VersionNumber number;
  std::string part;                 // "file", "config" or "manifest"
  std::string path;                 // of a file; else empty
  std::uint64_t size;               // of the part
  std::vector<std::string> stages;  // those that point to the version
};

// Live versions in `spaces`, in the order published; at most `limit`.
std::vector<BlobHolder> holders_of(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& spaces,
                                   int limit);

struct BlobUploader {
  Id principal;                     // the token's id
  std::optional<std::string> name;  // the token's name, when it is still known
  std::uint64_t size;
  Time time;
};

// Newest first, at most `limit`; with `principal` only that token's.
std::vector<BlobUploader> uploaders_of(Snapshot& snapshot, const Digest& digest,
                                       const std::optional<Id>& principal, int limit);

}  // namespace assay
