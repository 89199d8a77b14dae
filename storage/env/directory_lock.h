// SPDX-License-Identifier: Apache-2.0
// One process a data directory: an advisory lock on DIR/lock, held as long as the object lives.
#pragma once

#include <filesystem>

namespace assay {

class DirectoryLock {
 public:
  // Takes the lock, making the file if need be; the directory must exist. Throws unavailable, naming the
  // holder's process id, when another process has it. The kernel drops the lock when the process ends,
  // however it ends; child processes do not inherit it past exec.
  explicit DirectoryLock(const std::filesystem::path& directory);
  ~DirectoryLock();
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&&) = delete;

 private:
  int fd_;
};

}  // namespace assay
