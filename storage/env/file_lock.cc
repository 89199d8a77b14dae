// SPDX-License-Identifier: Apache-2.0
#include "storage/env/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "storage/base/error.h"

namespace assay {

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& path, Mode mode) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.get() < 0) throw system_error("opening " + path.string(), errno);
  const int wanted = mode == Mode::shared ? LOCK_SH : LOCK_EX;
  while (::flock(fd.get(), wanted | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return std::nullopt;
    if (errno != EINTR) throw system_error("locking " + path.string(), errno);
  }
  return FileLock(std::move(fd));
}

}  // namespace assay
