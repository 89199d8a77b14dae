// SPDX-License-Identifier: Apache-2.0
// Counts requests and shows them as Prometheus text. Labels are route patterns, never what a client sent, so
// that the number of series is bounded by the route table.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

namespace assay::http {

// Any thread may call any method at any time.
class Metrics {
 public:
  explicit Metrics(std::string version);

  void started() { in_flight_.fetch_add(1, std::memory_order_relaxed); }
  // `route` is a pattern, or empty for requests that matched none.
  void finished(std::string_view route, std::string_view method, int status, std::chrono::nanoseconds took);
  void received(std::uint64_t bytes) { bytes_in_.fetch_add(bytes, std::memory_order_relaxed); }
  void sent(std::uint64_t bytes) { bytes_out_.fetch_add(bytes, std::memory_order_relaxed); }
  void connections(std::size_t open) { connections_.store(open, std::memory_order_relaxed); }

  // The text exposition format 0.0.4, with a final newline.
  std::string text() const;

 private:
  static constexpr std::array<double, 11> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.1,
                                                     0.25,  1.0,    2.5,   10.0, 60.0};  // seconds
  struct Histogram {
    std::array<std::uint64_t, kBounds.size()>
        buckets{};  // not cumulative; beyond the last is only in `count`
    std::uint64_t count = 0;
    double sum = 0;
  };

  const std::string version_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<std::int64_t> in_flight_{0};
  std::atomic<std::uint64_t> bytes_in_{0};
  std::atomic<std::uint64_t> bytes_out_{0};
  std::atomic<std::size_t> connections_{0};
  mutable std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, int>, std::uint64_t> requests_;  // route, method, status
  std::map<std::string, Histogram> durations_;                                   // by route
};

struct Sample {
  std::string_view name, help;
  std::uint64_t value;
};

// Further lines of the same format.
std::string gauge_text(std::span<const Sample> gauges);
std::string counter_text(std::span<const Sample> counters);

}  // namespace assay::http
