// SPDX-License-Identifier: Apache-2.0
#include "storage/env/disk_space.h"

#include <sys/statvfs.h>

#include <cerrno>

#include "storage/base/error.h"

namespace assay {

DiskSpace DirectoryGauge::look() const {
  struct statvfs found {};
  if (::statvfs(directory_.c_str(), &found) != 0)
    throw system_error("asking how much room there is in " + directory_.string(), errno);
  return {std::uint64_t{found.f_blocks} * found.f_frsize, std::uint64_t{found.f_bavail} * found.f_frsize};
}

}  // namespace assay
