// SPDX-License-Identifier: Apache-2.0
#include "storage/env/directory_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "storage/base/error.h"

namespace assay {
namespace {

// What the holder wrote, or a word that reads well in its place.
std::string holder(int fd) {
  std::array<char, 24> text{};
  const ssize_t length = pread(fd, text.data(), text.size(), 0);
  std::string digits;
  for (ssize_t i = 0; i < length && text[i] >= '0' && text[i] <= '9'; ++i) digits += text[i];
  return digits.empty() ? "another process" : "process " + digits;
}

}  // namespace

DirectoryLock::DirectoryLock(const std::filesystem::path& directory) {
  const std::string path = (directory / "lock").string();
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) throw system_error("Opening the lock file " + path, errno);
  if (flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int error_number = errno;
    const std::string who = holder(fd_);
    ::close(fd_);
    if (error_number != EWOULDBLOCK) throw system_error("Locking " + path, error_number);
    throw Error(
        Code::unavailable,
        fmt::format("The data directory {} is in use by another server ({}). Stop that one first, or choose "
                    "another directory with --data.",
                    directory.string(), who));
  }
  // The process id only makes the message above better, so a failure to write it changes nothing.
  const std::string text = std::to_string(getpid()) + "\n";
  if (ftruncate(fd_, 0) == 0 && pwrite(fd_, text.data(), text.size(), 0) < 0) return;
}

DirectoryLock::~DirectoryLock() {
  if (fd_ >= 0) ::close(fd_);
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

}  // namespace assay
