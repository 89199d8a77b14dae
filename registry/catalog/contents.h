// SPDX-License-Identifier: Apache-2.0
// What was found in blobs' bytes. A finding of another checker than the one asked for is none.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/content.h"

namespace assay {

bool has_content(Snapshot& snapshot, const Digest& blob, int checker);
void put_content(Transaction& transaction, const Digest& blob, int checker, const FileContent& content);

// A file of a version, by its path; without a content nobody has looked into it.
struct FoundContent {
  std::string path;
  std::optional<FileContent> content;
};
// Of a version (Version::id), by path.
std::vector<FoundContent> contents_of(Snapshot& snapshot, std::int64_t version_id, int checker);
// The same of those alone that are, may be or might turn out to be pickles, at most `limit`.
std::vector<FoundContent> suspects_of(Snapshot& snapshot, std::int64_t version_id, int checker, int limit);

}  // namespace assay
