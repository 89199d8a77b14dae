// SPDX-License-Identifier: Apache-2.0
// The files of a local store as a backup sees them: which there are to copy, and what a copy of them lacks.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace assay {

struct StoreFile {
  std::string path;    // below the store's directory
  std::uint64_t size;  // bytes at the time; files only grow
};

// Everything that the blobs are made of, by path: not what is unfinished (temporary files) or was put aside
// (quarantine), nor which records were found damaged. May be called beside a server. While no collection runs,
// the files are there to be copied, but for an open pack that is closed: that has another name then, and may be
// missed by this listing or be in it under both names. What is appended meanwhile may be copied or not.
std::vector<StoreFile> store_files(const std::filesystem::path& directory);

// Opens a copy of such files once, so that what a copy of a running store lacks is made good: an open pack
// that was copied in the middle of a record ends at its last whole one. Throws as opening a store does.
void prepare_restored_store(const std::filesystem::path& directory);

}  // namespace assay
