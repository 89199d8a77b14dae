// SPDX-License-Identifier: Apache-2.0
// An advisory lock on a file, shared by many or held by one, across processes. For what must not overlap,
// such as a garbage collection and a backup; directory_lock.h is for who owns a directory.
#pragma once

#include <filesystem>
#include <optional>

#include "storage/env/unique_fd.h"

namespace assay {

class FileLock {
 public:
  enum class Mode { shared, exclusive };

  // Takes the lock on `path`, making the file (mode 0600) if need be. Nothing, at once, when somebody holds
  // it in a way that excludes this. The kernel drops it when the process ends, however it ends. Throws as
  // system_error.
  static std::optional<FileLock> try_take(const std::filesystem::path& path, Mode mode);

 private:
  explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace assay
