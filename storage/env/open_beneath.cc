// SPDX-License-Identifier: Apache-2.0
#include "storage/env/open_beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>

#include "storage/base/error.h"

namespace assay {
namespace {

void check_grammar(std::string_view path) {
  for (std::string_view rest = path; !path.empty();) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string_view::npos)
      throw Error(Code::internal, "The path \"" + std::string(path) + "\" is not one within the store");
    if (part.size() == rest.size()) return;
    rest.remove_prefix(part.size() + 1);
  }
}

// One part at a time, each refused if it is a link: what openat2 does in one call, for kernels and sandboxes
// without it.
UniqueFd walk(int root, std::string path, int flags, mode_t mode) {
  UniqueFd directory;
  for (std::size_t slash; (slash = path.find('/')) != std::string::npos; path.erase(0, slash + 1)) {
    const int from = directory.valid() ? directory.get() : root;
    directory = UniqueFd(
        ::openat(from, path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory.valid()) return UniqueFd();
  }
  return UniqueFd(
      ::openat(directory.valid() ? directory.get() : root, path.c_str(), flags | O_NOFOLLOW, mode));
}

}  // namespace

UniqueFd open_beneath(int root, std::string_view path, int flags, mode_t mode) {
  check_grammar(path);
  const std::string name(path.empty() ? "." : path);
  open_how how{};
  how.flags = static_cast<unsigned>(flags | O_CLOEXEC);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const long fd = syscall(SYS_openat2, root, name.c_str(), &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    if (errno == EAGAIN || errno == EINTR) continue;  // the tree was renamed while it resolved
    if (errno == ENOSYS || errno == EPERM) return walk(root, name, flags | O_CLOEXEC, mode);
    return UniqueFd();
  }
}

}  // namespace assay
