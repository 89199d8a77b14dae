// SPDX-License-Identifier: Apache-2.0
// Room on disk that one call of a plugin takes as memory (assay/ext/scratch.h): files without a name, so that nothing
// is left of them whatever happens to either process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>

#include "registry/plugin_host/wire/frame.h"
#include "storage/env/unique_fd.h"

namespace assay {

// Where scratch files are: TMPDIR, or /var/tmp, since /tmp is memory on many machines.
std::filesystem::path scratch_directory();

// The scratch files of one call. When it goes their room on disk does too, also where another process has them mapped.
// One thread at a time.
class Scratch {
 public:
  explicit Scratch(std::filesystem::path directory = scratch_directory(), std::uint64_t quota = wire::kScratchQuota)
      : directory_(std::move(directory)), quota_(quota) {}
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  struct Taken {
    std::uint64_t id;
    int fd;              // of zeros, to be mapped
    std::uint64_t size;  // as asked for, up to whole pages
  };
  // Throws denied past the quota or 64 pieces, full when the disk would be left with less than it takes, else as system_error.
  Taken take(std::uint64_t bytes);
  void give_back(std::uint64_t id);

 private:
  struct File {
    UniqueFd fd;
    std::uint64_t size;
  };
  std::filesystem::path directory_;
  std::uint64_t quota_, held_ = 0, next_id_ = 1;
  std::map<std::uint64_t, File> files_;
};

}  // namespace assay
