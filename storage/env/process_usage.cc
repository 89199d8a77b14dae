// SPDX-License-Identifier: Apache-2.0
#include "storage/env/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace assay {
namespace {

namespace fs = std::filesystem;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// proc(5): "btime" of /proc/stat is when the machine started, field 22 of /proc/self/stat when we did, in ticks since.
// The second field is a file name and may hold anything, but it ends with the last ')'.
double started_at() {
  std::string line;
  std::getline(std::ifstream("/proc/self/stat"), line);
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string field;
  for (int number = 3; number <= 21; ++number) fields >> field;
  double ticks = 0;
  fields >> ticks;
  std::ifstream machine("/proc/stat");
  for (std::string name; machine >> name; std::getline(machine, line)) {
    if (name != "btime") continue;
    double boot = 0;
    machine >> boot;
    return boot + ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  return 0;
}

std::uint64_t resident_bytes() {
  std::uint64_t total_pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> total_pages >> resident_pages;
  return resident_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t open_files() {
  std::error_code missing;
  const fs::directory_iterator files("/proc/self/fd", missing);
  return static_cast<std::uint64_t>(std::distance(begin(files), end(files)));
}

}  // namespace

ProcessUsage process_usage() {
  static const double start = started_at();
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  return {.started_at = start,
          .cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime),
          .resident_bytes = resident_bytes(),
          .open_files = open_files(),
          .max_files = files.rlim_cur};
}

}  // namespace assay
