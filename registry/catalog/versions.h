// SPDX-License-Identifier: Apache-2.0
// Versions in the catalogue: appended with the artifact's next number, never altered. Deleted ones are seen
// by nothing here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/artifact.h"
#include "registry/domain/manifest.h"
#include "registry/domain/page.h"

namespace assay {

struct NewVersion {
  std::int64_t artifact_id;
  const Manifest& manifest;
  Time created_at;
  std::string created_by;
  Labels labels;
  std::optional<std::string> profile;  // canonical JSON object
  std::optional<Id> run_id;
};

// Takes the artifact's next number, in constant time.
Version append_version(Transaction& transaction, const NewVersion& version);

// With a number that another registry gave it: the artifact's next number is beyond it from then on. The number must not
// have been given out here.
Version insert_version(Transaction& transaction, const NewVersion& version, VersionNumber number);

// All are complete: files, labels and the stages that point to them. Times are of one snapshot.
std::optional<Version> find_version(Snapshot& snapshot, std::int64_t version_id);  // Version::id
std::optional<Version> find_version(Snapshot& snapshot, Kind kind, const Name& name, VersionNumber number);
std::optional<Version> newest_version(Snapshot& snapshot, Kind kind, const Name& name);
// The newest of this artifact that has the digest.
std::optional<Version> find_version(Snapshot& snapshot, Kind kind, const Name& name, const Digest& digest);
// The number that the last two find, and the file of a version at a path: no other file is read.
std::optional<VersionNumber> newest_number(Snapshot& snapshot, Kind kind, const Name& name);
std::optional<VersionNumber> find_number(Snapshot& snapshot, Kind kind, const Name& name,
                                         const Digest& digest);
std::optional<VersionFile> find_file(Snapshot& snapshot, Kind kind, const Name& name, VersionNumber number,
                                     const FilePath& path);
Labels read_labels(Snapshot& snapshot, std::int64_t version_id);
// Whatever artifact they belong to, in the order published; at most `limit`.
std::vector<Version> versions_with_digest(Snapshot& snapshot, const Digest& digest, int limit);

// A page ends early behind the version that brings its files over this number: some megabytes of answer.
inline constexpr std::size_t kMaxPageFiles = 20'000;

// Newest first. Throws invalid_argument for a cursor that is not of this list.
Page<Version> list_versions(Snapshot& snapshot, Kind kind, const Name& name, const PageRequest& page);

// Leaves its row as a tombstone: nothing here sees the version again, and its number is never given out anew.
// The version (Version::id) must be live.
void delete_version(Transaction& transaction, std::int64_t version_id, Time at);
// When that number was deleted; none when it is live or was never given out.
std::optional<Time> deleted_at(Snapshot& snapshot, Kind kind, const Name& name, VersionNumber number);

std::optional<StoredManifest> find_manifest(Snapshot& snapshot, const Digest& digest);

std::int64_t count_versions(Snapshot& snapshot);

}  // namespace assay
