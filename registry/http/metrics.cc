// SPDX-License-Identifier: Apache-2.0
#include "registry/http/metrics.h"

#include <fmt/format.h>

#include <iterator>

namespace assay::http {
namespace {

void family(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

template <class Number>
void single(std::string& out, std::string_view name, std::string_view type, std::string_view help,
            Number value) {
  family(out, name, type, help);
  fmt::format_to(std::back_inserter(out), "{} {}\n", name, value);
}

std::string label(std::string_view value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == '"') escaped += '\\';
    if (c == '\n')
      escaped += "\\n";
    else
      escaped += c;
  }
  return escaped;
}

}  // namespace

Metrics::Metrics(std::string version) : version_(std::move(version)) {}

void Metrics::finished(std::string_view route, std::string_view method, int status,
                       std::chrono::nanoseconds took) {
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  const double seconds = std::chrono::duration<double>(took).count();
  const std::lock_guard lock(mutex_);
  ++requests_[{std::string(route), std::string(method), status}];
  Histogram& histogram = durations_[std::string(route)];
  ++histogram.count;
  histogram.sum += seconds;
  for (std::size_t i = 0; i < kBounds.size(); ++i) {
    if (seconds > kBounds[i]) continue;
    ++histogram.buckets[i];
    break;
  }
}

std::string Metrics::text() const {
  std::string out;
  const auto put = std::back_inserter(out);
  family(out, "assay_build_info", "gauge", "Always 1; the labels say what runs.");
  fmt::format_to(put, "assay_build_info{{version=\"{}\"}} 1\n", label(version_));
  const std::chrono::duration<double> up = std::chrono::steady_clock::now() - start_;
  single(out, "assay_uptime_seconds", "gauge", "Seconds since the server started.", up.count());
  single(out, "http_connections", "gauge", "Open connections.", connections_.load());
  single(out, "http_in_flight", "gauge", "Requests being answered.", in_flight_.load());
  single(out, "http_bytes_in_total", "counter", "Bytes of request bodies received.", bytes_in_.load());
  single(out, "http_bytes_out_total", "counter", "Bytes of response bodies sent.", bytes_out_.load());

  const std::lock_guard lock(mutex_);
  family(out, "http_requests_total", "counter", "Requests answered.");
  for (const auto& [key, count] : requests_)
    fmt::format_to(put, "http_requests_total{{route=\"{}\",method=\"{}\",code=\"{}\"}} {}\n",
                   label(std::get<0>(key)), label(std::get<1>(key)), std::get<2>(key), count);
  family(out, "http_request_duration_seconds", "histogram",
         "From the end of the head to the end of the answer.");
  for (const auto& [route, histogram] : durations_) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i)
      fmt::format_to(put, "http_request_duration_seconds_bucket{{route=\"{}\",le=\"{}\"}} {}\n", label(route),
                     kBounds[i], below += histogram.buckets[i]);
    fmt::format_to(put,
                   "http_request_duration_seconds_bucket{{route=\"{0}\",le=\"+Inf\"}} {1}\n"
                   "http_request_duration_seconds_sum{{route=\"{0}\"}} {2}\n"
                   "http_request_duration_seconds_count{{route=\"{0}\"}} {1}\n",
                   label(route), histogram.count, histogram.sum);
  }
  return out;
}

std::string gauge_text(std::span<const Sample> gauges) {
  std::string out;
  for (const Sample& gauge : gauges) single(out, gauge.name, "gauge", gauge.help, gauge.value);
  return out;
}

std::string counter_text(std::span<const Sample> counters) {
  std::string out;
  for (const Sample& counter : counters) single(out, counter.name, "counter", counter.help, counter.value);
  return out;
}

}  // namespace assay::http
