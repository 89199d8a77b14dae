// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/copy_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "storage/base/error.h"
#include "storage/base/sha256.h"
#include "storage/env/unique_fd.h"

namespace assay::daemon {
namespace {

constexpr std::size_t kPiece = 4 << 20;  // what disks like to be asked for at once
constexpr std::size_t kTail = 64 << 10;  // more than one record of a pack: its sums tell two packs apart

UniqueFd open_file(const std::filesystem::path& path, int flags) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) throw system_error("opening " + path.string(), errno);
  return fd;
}

void read_exactly(const UniqueFd& fd, const std::filesystem::path& path, std::uint64_t offset,
                  std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = ::pread(fd.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("reading " + path.string(), errno);
    if (got == 0) throw Error(Code::corrupt, path.string() + " is shorter than it was");
    offset += static_cast<std::uint64_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

void write_all(const UniqueFd& fd, const std::filesystem::path& path, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw system_error("writing " + path.string(), errno);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

// Calls `use` with the first `size` bytes of the file, piece by piece.
template <class Use>
void read_file(const std::filesystem::path& path, std::uint64_t size, const Use& use) {
  const UniqueFd source = open_file(path, O_RDONLY);
  std::vector<std::byte> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(size, kPiece)));
  for (std::uint64_t at = 0; at < size;) {
    const auto piece =
        std::span(buffer).first(static_cast<std::size_t>(std::min<std::uint64_t>(size - at, kPiece)));
    read_exactly(source, path, at, piece);
    use(std::span<const std::byte>(piece));
    at += piece.size();
  }
}

}  // namespace

Digest copy_file(const std::filesystem::path& from, const std::filesystem::path& to, std::uint64_t size,
                 const std::function<void(std::uint64_t bytes)>& copied) {
  const std::filesystem::path part = to.string() + ".part";
  const UniqueFd target = open_file(part, O_WRONLY | O_CREAT | O_TRUNC);
  Sha256 hash;
  read_file(from, size, [&](std::span<const std::byte> piece) {
    hash.update(piece);
    write_all(target, part, piece);
    copied(piece.size());
  });
  if (::fdatasync(target.get()) != 0) throw system_error("syncing " + part.string(), errno);
  std::filesystem::rename(part, to);
  return hash.finish();
}

Digest digest_file(const std::filesystem::path& path, std::uint64_t size) {
  Sha256 hash;
  read_file(path, size, [&](std::span<const std::byte> piece) { hash.update(piece); });
  return hash.finish();
}

bool same_tail(const std::filesystem::path& one, const std::filesystem::path& other, std::uint64_t size) {
  const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(size, kTail));
  std::vector<std::byte> left(length), right(length);
  read_exactly(open_file(one, O_RDONLY), one, size - length, left);
  read_exactly(open_file(other, O_RDONLY), other, size - length, right);
  return left == right;
}

void sync_directory(const std::filesystem::path& directory) {
  const UniqueFd fd = open_file(directory, O_RDONLY | O_DIRECTORY);
  if (::fsync(fd.get()) != 0) throw system_error("syncing " + directory.string(), errno);
}

}  // namespace assay::daemon
