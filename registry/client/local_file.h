// SPDX-License-Identifier: Apache-2.0
// A file of this machine that is read to be sent: by position, so that any part of it can be sent again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "storage/base/digest.h"
#include "storage/env/unique_fd.h"

namespace assay::client {

struct LocalFile {
  std::filesystem::path path;
  Digest digest;
  std::uint64_t size = 0;
};

// Reads the whole file. Throws not_found or denied naming it, invalid_argument when it is not a regular file.
LocalFile hash_file(const std::filesystem::path& path);

class FileReader {
 public:
  // Throws as hash_file().
  explicit FileReader(std::filesystem::path path);

  // Fills `out` as far as the file goes from `offset` and returns how many bytes. Throws as system_error.
  std::size_t read(std::uint64_t offset, std::span<std::byte> out) const;
  // Calls `take` with all of the file, piece by piece, and returns its size.
  std::uint64_t read_all(const std::function<void(std::span<const std::byte>)>& take) const;

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace assay::client
