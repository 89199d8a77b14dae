// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/codec/timing.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace assay::bench {
namespace {

double processor_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

double seconds(const std::function<void()>& run) {
  std::array<double, 5> taken{};
  for (double& one : taken) {
    const double begin = processor_seconds();
    run();
    one = processor_seconds() - begin;
  }
  std::sort(taken.begin(), taken.end());
  return taken[taken.size() / 2];
}

void print_row(std::string_view name, std::size_t raw, std::size_t stored, double encode_seconds,
               double decode_seconds) {
  const auto size = static_cast<double>(raw);
  fmt::print("{:<44} ratio {:.4f}   encode {:6.2f}   decode {:6.2f} GB/s\n", name,
             static_cast<double>(stored) / size, size / encode_seconds / 1e9, size / decode_seconds / 1e9);
  std::fflush(stdout);
}

void print_speed(std::string_view name, std::size_t bytes, double taken) {
  fmt::print("{:<44} {:6.2f} GB/s\n", name, static_cast<double>(bytes) / taken / 1e9);
  std::fflush(stdout);
}

}  // namespace assay::bench
