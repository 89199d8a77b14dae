// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/scratch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "storage/base/error.h"
#include "storage/env/disk_space.h"

namespace assay {
namespace {

constexpr std::uint64_t kPage = 64 << 10;  // of any machine
constexpr std::size_t kMostFiles = 64;     // at a time: each is an open file of the host's

UniqueFd open_nameless(const std::filesystem::path& directory) {
  UniqueFd file(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.valid()) return file;
  // Not every file system knows files without a name.
  std::string name = (directory / "assay-scratch-XXXXXX").string();
  file = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.valid()) throw system_error("make a scratch file in " + directory.string(), errno);
  ::unlink(name.c_str());
  return file;
}

}  // namespace

std::filesystem::path scratch_directory() {
  const char* named = ::secure_getenv("TMPDIR");
  return named != nullptr && *named == '/' ? named : "/var/tmp";
}

Scratch::~Scratch() {
  while (!files_.empty()) give_back(files_.begin()->first);
}

Scratch::Taken Scratch::take(std::uint64_t bytes) {
  // Whole pages are counted, or many small pieces would take more than the quota.
  const std::uint64_t size = bytes > quota_ ? bytes : (bytes + kPage - 1) / kPage * kPage;
  if (files_.size() == kMostFiles)
    throw Error(Code::denied, fmt::format("take scratch room: a call may hold {} pieces; give some back", kMostFiles));
  if (bytes == 0 || size > quota_ - held_)
    throw Error(Code::denied, fmt::format("take {} bytes of scratch room: a call may hold {} and has {}; give some back",
                                          bytes, quota_, held_));
  if (DirectoryGauge(directory_).look().available / 2 < size)
    throw Error(Code::full, fmt::format("take {} bytes of scratch room: {} would be left with less than that; free some "
                                        "of it, or let TMPDIR name another disk",
                                        bytes, directory_.string()));
  File file{open_nameless(directory_), size};
  // All of it now: a page that finds no room later is a signal and not an answer.
  if (const int error = ::posix_fallocate(file.fd.get(), 0, static_cast<off_t>(size)); error != 0)
    throw system_error(fmt::format("take {} bytes of scratch room in {}", bytes, directory_.string()), error);
  held_ += size;
  const auto made = files_.emplace(next_id_++, std::move(file)).first;
  return {made->first, made->second.fd.get(), size};
}

void Scratch::give_back(std::uint64_t id) {
  const auto found = files_.find(id);
  if (found == files_.end()) throw Error(Code::invalid_argument, "give back scratch room that this call does not hold");
  // A worker may have kept the file; it keeps an empty one.
  [[maybe_unused]] const int cut = ::ftruncate(found->second.fd.get(), 0);
  held_ -= found->second.size;
  files_.erase(found);
}

}  // namespace assay
