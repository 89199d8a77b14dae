// SPDX-License-Identifier: Apache-2.0
#include "tests/support/watched_process.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace assay::test {
namespace {

namespace fs = std::filesystem;

fs::path directory_of(pid_t pid) {
  return fs::path("/proc") / std::to_string(pid);
}

// A row of /proc/PID/status that is in kB, in bytes.
std::uint64_t bytes_of(pid_t pid, const std::string& row) {
  std::ifstream status(directory_of(pid) / "status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(row + ":")) return std::stoull(line.substr(row.size() + 1)) * 1024;
  throw std::runtime_error("process " + std::to_string(pid) + " has no " + row);
}

}  // namespace

std::uint64_t WatchedProcess::resident() const {
  return bytes_of(pid_, "VmRSS");
}

std::uint64_t WatchedProcess::peak() const {
  return bytes_of(pid_, "VmHWM");
}

void WatchedProcess::forget_peak() const {
  std::ofstream(directory_of(pid_) / "clear_refs") << 5 << std::flush;  // proc(5)
}

std::size_t WatchedProcess::sockets() const {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(directory_of(pid_) / "fd")) {
    std::error_code closed;  // between the listing and now
    if (fs::read_symlink(entry.path(), closed).string().starts_with("socket:")) ++count;
  }
  return count;
}

std::size_t WatchedProcess::descriptors() const {
  const fs::directory_iterator list(directory_of(pid_) / "fd");
  return static_cast<std::size_t>(std::distance(begin(list), end(list)));
}

}  // namespace assay::test
