// SPDX-License-Identifier: Apache-2.0
// From what was named on the command line to the files of a version.
#pragma once

#include <filesystem>
#include <vector>

#include "registry/client/transfer.h"
#include "registry/domain/artifact.h"

namespace assay::cli {

struct CollectedFile {
  FilePath path;           // inside the version
  client::LocalFile file;  // hashed
};

// A file keeps its last name, a directory gives everything below it by relative path, hidden files included.
// Sorted by path. Throws not_found, and invalid_argument for a symbolic link or special file (nothing is left
// out silently), for two files of one path and for nothing at all.
std::vector<CollectedFile> collect_files(const std::vector<std::string>& arguments);

// As the manifest and the API want them.
std::vector<VersionFile> version_files(const std::vector<CollectedFile>& files);

}  // namespace assay::cli
