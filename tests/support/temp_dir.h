// SPDX-License-Identifier: Apache-2.0
// A fresh directory for one test, removed with all it holds when the test ends.
#pragma once

#include <filesystem>

namespace assay::test {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace assay::test
