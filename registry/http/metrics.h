// SPDX-License-Identifier: Apache-2.0
// Counts what the HTTP server does. Labels are route patterns and other words of ours, never what a client sent, so that
// the number of series is bounded by the route table. What else the registry says of itself: service/vitals.h.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "registry/domain/metric_family.h"

namespace assay::http {

// The three kinds of threads that do what may block; see limits.h.
enum class Pool { workers, slow, uploads };

// How busy one of them is: kept by its WorkPool.
struct PoolMeter {
  std::atomic<std::size_t> threads{0}, busy{0};
  std::atomic<std::size_t> queue{0}, waiting{0};  // how many may wait, how many do
  std::atomic<std::uint64_t> refused{0};          // told 503, since nobody more may wait
};

// Any thread may call any method at any time.
class Metrics {
 public:
  explicit Metrics(std::string version);

  void started() { in_flight_.fetch_add(1, std::memory_order_relaxed); }
  // `route` is a pattern, or empty for requests that matched none.
  void finished(std::string_view route, std::string_view method, int status, std::chrono::nanoseconds took);
  // An answer that was a problem, by its code of storage/base/error.h.
  void refused(std::string_view code);
  void received(std::uint64_t bytes) { bytes_in_.fetch_add(bytes, std::memory_order_relaxed); }
  void sent(std::uint64_t bytes) { bytes_out_.fetch_add(bytes, std::memory_order_relaxed); }
  void connections(std::size_t open) { connections_.store(open, std::memory_order_relaxed); }
  void connection_refused() { connections_refused_.fetch_add(1, std::memory_order_relaxed); }
  // When the certificate in use ends.
  void certificate(std::time_t expires) { certificate_expires_.store(expires, std::memory_order_relaxed); }
  PoolMeter& pool(Pool pool) { return pools_.at(static_cast<std::size_t>(pool)); }

  std::vector<MetricFamily> families() const;

 private:
  static constexpr std::array<double, 11> kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.1,
                                                     0.25,  1.0,    2.5,   10.0, 60.0};  // seconds

  void add_connections(std::vector<MetricFamily>& out) const;
  void add_requests(std::vector<MetricFamily>& out) const;
  void add_pools(std::vector<MetricFamily>& out) const;

  const std::string version_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<std::int64_t> in_flight_{0};
  std::atomic<std::uint64_t> bytes_in_{0};
  std::atomic<std::uint64_t> bytes_out_{0};
  std::atomic<std::size_t> connections_{0};
  std::atomic<std::uint64_t> connections_refused_{0};
  std::atomic<std::time_t> certificate_expires_{0};  // 0: without TLS
  std::array<PoolMeter, 3> pools_;
  mutable std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, int>, std::uint64_t> requests_;  // route, method, status
  std::map<std::string, Histogram> durations_;                                   // by route
  std::map<std::string, std::uint64_t, std::less<>> problems_;                   // by code
};

}  // namespace assay::http
