// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/store_files.h"

#include <algorithm>

#include "storage/blob/local_blob_store.h"
#include "storage/blob/local_layout.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

// What is damaged here may be sound in a backup.
bool is_left_out(const std::string& path) {
  return path.starts_with(std::string(layout::kTemps) + "/") ||
         path.starts_with(std::string(layout::kQuarantine) + "/") ||
         path.starts_with(std::string(layout::kDamaged) + "/");
}

}  // namespace

std::vector<StoreFile> store_files(const fs::path& directory) {
  std::vector<StoreFile> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    const std::string path = entry.path().lexically_relative(directory).string();
    std::error_code gone;
    const auto kind = entry.symlink_status(gone).type();
    if (gone || kind != fs::file_type::regular || is_left_out(path)) continue;
    const std::uint64_t size = fs::file_size(entry.path(), gone);
    if (!gone) files.push_back({path, size});
  }
  std::sort(files.begin(), files.end(),
            [](const StoreFile& one, const StoreFile& other) { return one.path < other.path; });
  return files;
}

void prepare_restored_store(const fs::path& directory) {
  open_local_blob_store(directory);
}

}  // namespace assay
