// SPDX-License-Identifier: Apache-2.0
// Landlock: files can be read below a few folders and nothing else, no TCP port can be used, and no signal leaves
// this process's own. Through raw system calls, because the C library has no wrappers, and with numbers of our own
// where the kernel's headers of a build machine may be older than the kernel that it runs on.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "registry/plugin_host/worker/sandbox.h"
#include "storage/env/unique_fd.h"

namespace assay::worker {
namespace {

// struct landlock_ruleset_attr as of version 6; older kernels are told a shorter size.
struct Ruleset {
  std::uint64_t files, network, scopes;
};

constexpr std::uint64_t kRead = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

Ruleset everything_in(long version) {
  Ruleset all{};
  all.files = (1u << 13) - 1;                // the first thirteen rights, of version 1
  if (version >= 2) all.files |= 1u << 13;   // linking between folders
  if (version >= 3) all.files |= 1u << 14;   // truncating
  if (version >= 5) all.files |= 1u << 15;   // commands to devices
  if (version >= 4) all.network = 3;         // binding and connecting TCP
  if (version >= 6) all.scopes = 3;          // abstract sockets and signals of others
  return all;
}

std::size_t size_for(long version) {
  return version >= 6 ? sizeof(Ruleset) : version >= 4 ? 16 : 8;
}

void allow_reading(int ruleset, const char* path) {
  const UniqueFd place(::open(path, O_PATH | O_CLOEXEC));
  struct stat status {};
  if (!place.valid() || ::fstat(place.get(), &status) != 0) return;  // not on this machine
  landlock_path_beneath_attr rule{};
  rule.allowed_access = S_ISDIR(status.st_mode) ? kRead : LANDLOCK_ACCESS_FS_READ_FILE;
  rule.parent_fd = place.get();
  ::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

Layer missing(const char* what) {
  return {"Landlock", false, std::string(what) + ": " + std::strerror(errno)};
}

}  // namespace

Layer restrict_files() {
  const long version =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 0) return missing("this kernel has none, or it is not among its security modules");
  const Ruleset all = everything_in(version);
  const UniqueFd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, size_for(version), 0)));
  if (!ruleset.valid()) return missing("making a ruleset failed");
  for (const char* path : kReadable) allow_reading(ruleset.get(), path);
  for (const char* path : {"/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/dev/null",
                           "/dev/urandom"})
    allow_reading(ruleset.get(), path);
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) return missing("entering it failed");
  return {"Landlock", true,
          "version " + std::to_string(version) + ": system libraries are read, nothing else and nothing written"};
}

}  // namespace assay::worker
