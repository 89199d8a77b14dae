// SPDX-License-Identifier: Apache-2.0
// Times and rows of the benchmark.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace assay::bench {

// The median of five runs, in seconds of this thread's processor time: other work on the machine disturbs it
// less.
double seconds(const std::function<void()>& run);

// A row: stored/raw, and gigabytes (1e9) of raw bytes a second each way.
void print_row(std::string_view name, std::size_t raw, std::size_t stored, double encode_seconds,
               double decode_seconds);
void print_speed(std::string_view name, std::size_t bytes, double seconds);

}  // namespace assay::bench
