// SPDX-License-Identifier: Apache-2.0
// What this process takes of its machine, by the system's own account.
#pragma once

#include <cstdint>

namespace assay {

struct ProcessUsage {
  double started_at = 0;   // seconds since 1970
  double cpu_seconds = 0;  // of all threads, in user and system mode
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t max_files = 0;
};

// Some microseconds, and a few more for every open file. Without /proc, what stands there is 0.
ProcessUsage process_usage();

}  // namespace assay
