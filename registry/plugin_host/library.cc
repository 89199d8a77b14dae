// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/library.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "registry/plugin_host/descriptor.h"
#include "storage/base/error.h"

namespace assay {

std::string read_library(const std::filesystem::path& file) {
  const std::string what = "open the plugin " + file.string();
  // Non-blocking, so that a FIFO put there cannot hold us up.
  const UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (fd.get() < 0 && errno == ENOENT)
    throw Error(Code::not_found, what + ": there is no such file; build it first, or give the path of the .so file that "
                                        "the build wrote");
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) throw system_error(what, errno);
  if (!S_ISREG(status.st_mode)) throw Error(Code::invalid_argument, what + ": it is not a regular file");
  if (static_cast<std::uint64_t>(status.st_size) > kMaxLibraryBytes)
    throw Error(Code::too_large, fmt::format("{}: it is larger than {} MiB", what, kMaxLibraryBytes >> 20));
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = ::read(fd.get(), bytes.data() + filled, bytes.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error(what, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

UniqueFd seal_in_memory(std::string_view bytes, const std::string& name) {
  const std::string what = "keep the plugin " + name + " in memory";
  UniqueFd fd(::memfd_create(("assay:" + name.substr(0, 64)).c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (fd.get() < 0) throw system_error(what, errno);
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw system_error(what, errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    throw system_error(what, errno);
  return fd;
}

std::shared_ptr<const PluginLibrary> PluginLibrary::open(const std::filesystem::path& file,
                                                         std::string origin, const TrustedKeys& keys) {
  const std::string bytes = read_library(file);
  keys.require(bytes, file, origin);
  PluginInfo info = read_descriptor(bytes, Digest::of(bytes), std::move(origin));
  UniqueFd memory = seal_in_memory(bytes, info.name);
  return std::shared_ptr<const PluginLibrary>(new PluginLibrary(std::move(info), std::move(memory)));
}

}  // namespace assay
