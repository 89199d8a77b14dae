// SPDX-License-Identifier: Apache-2.0
// How much room a disk has, as a seam: whoever refuses work because a disk fills up takes a DiskGauge, and a
// test hands it one that says what it likes.
#pragma once

#include <cstdint>
#include <filesystem>

namespace assay {

struct DiskSpace {
  std::uint64_t total;      // bytes
  std::uint64_t available;  // to this process
};

// Any thread may call at any time.
class DiskGauge {
 public:
  virtual ~DiskGauge() = default;

  // Throws as system_error when the file system does not say.
  virtual DiskSpace look() const = 0;
};

// The file system that holds `directory`, which must exist.
class DirectoryGauge final : public DiskGauge {
 public:
  explicit DirectoryGauge(std::filesystem::path directory) : directory_(std::move(directory)) {}

  DiskSpace look() const override;

 private:
  const std::filesystem::path directory_;
};

}  // namespace assay
