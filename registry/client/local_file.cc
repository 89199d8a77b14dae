// SPDX-License-Identifier: Apache-2.0
#include "registry/client/local_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/sha256.h"

namespace assay::client {
namespace {

constexpr std::size_t kPiece = 256 * 1024;

}  // namespace

FileReader::FileReader(std::filesystem::path path) : path_(std::move(path)) {
  // Not blocking, for opening a pipe would wait for somebody to write into it.
  fd_ = UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd_.get() < 0 && errno == ENOENT) throw Error(Code::not_found, "there is no file " + path_.string());
  if (fd_.get() < 0) throw system_error("opening " + path_.string(), errno);
  struct stat status {};
  if (::fstat(fd_.get(), &status) != 0) throw system_error("reading " + path_.string(), errno);
  if (!S_ISREG(status.st_mode))
    throw Error(Code::invalid_argument, path_.string() + " is not a regular file");
}

std::size_t FileReader::read(std::uint64_t offset, std::span<std::byte> out) const {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t got =
        ::pread(fd_.get(), out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("reading " + path_.string(), errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::uint64_t FileReader::read_all(const std::function<void(std::span<const std::byte>)>& take) const {
  std::vector<std::byte> piece(kPiece);
  std::uint64_t size = 0;
  while (const std::size_t got = read(size, piece)) {
    take(std::span(piece).first(got));
    size += got;
  }
  return size;
}

LocalFile hash_file(const std::filesystem::path& path) {
  const FileReader file(path);
  Sha256 hash;
  const std::uint64_t size = file.read_all([&](std::span<const std::byte> bytes) { hash.update(bytes); });
  return {path, hash.finish(), size};
}

}  // namespace assay::client
