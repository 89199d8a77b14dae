// SPDX-License-Identifier: Apache-2.0
#include "registry/http/metrics.h"

#include "storage/base/error.h"

namespace assay::http {
namespace {

constexpr auto kCounter = MetricType::counter;
constexpr auto kGauge = MetricType::gauge;

constexpr std::array<std::string_view, 3> kPoolNames = {"workers", "slow", "uploads"};

}  // namespace

// Whatever can be counted is there from the start: a series that appears with its first event has no rate.
Metrics::Metrics(std::string version) : version_(std::move(version)) {
  for (int code = 0; code <= static_cast<int>(Code::internal); ++code)
    problems_.emplace(info(static_cast<Code>(code)).name, 0);
}

void Metrics::finished(std::string_view route, std::string_view method, int status,
                       std::chrono::nanoseconds took) {
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  ++requests_[{std::string(route), std::string(method), status}];
  durations_.try_emplace(std::string(route), kBounds).first->second.add(std::chrono::duration<double>(took).count());
}

void Metrics::refused(std::string_view code) {
  const std::lock_guard lock(mutex_);
  if (const auto known = problems_.find(code); known != problems_.end()) ++known->second;
}

void Metrics::add_connections(std::vector<MetricFamily>& out) const {
  out.push_back(metric("http_connections", kGauge, "Open connections.", connections_.load()));
  out.push_back(metric("http_connections_refused_total", kCounter,
                       "Connections closed at once: too many were open, in all or from one address.",
                       connections_refused_.load()));
  MetricFamily certificate{"http_certificate_expiry_timestamp_seconds",
                           kGauge,
                           "When the TLS certificate in use ends, in seconds since 1970; not there without TLS.",
                           {}};
  if (const std::time_t expires = certificate_expires_.load()) certificate.samples = {{{}, static_cast<double>(expires)}};
  out.push_back(std::move(certificate));
}

void Metrics::add_requests(std::vector<MetricFamily>& out) const {
  out.push_back(metric("http_in_flight", kGauge, "Requests being answered.", in_flight_.load()));
  out.push_back(metric("http_bytes_in_total", kCounter, "Bytes of request bodies received.", bytes_in_.load()));
  out.push_back(metric("http_bytes_out_total", kCounter, "Bytes of response bodies sent.", bytes_out_.load()));
  MetricFamily requests{"http_requests_total", kCounter, "Requests answered.", {}};
  MetricFamily durations{"http_request_duration_seconds",
                         MetricType::histogram,
                         "From the end of the head to the end of the answer.",
                         {}};
  MetricFamily problems{"http_problems_total", kCounter, "Answers that were a problem, by its code.", {}};
  const std::lock_guard lock(mutex_);
  for (const auto& [key, count] : requests_) {
    const auto& [route, method, status] = key;
    requests.samples.push_back(
        {{{"route", route}, {"method", method}, {"code", std::to_string(status)}}, static_cast<double>(count)});
  }
  for (const auto& [route, histogram] : durations_)
    durations.samples.push_back({{{"route", route}}, histogram.counts()});
  for (const auto& [code, count] : problems_)
    problems.samples.push_back({{{"code", code}}, static_cast<double>(count)});
  for (MetricFamily* family : {&requests, &durations, &problems}) out.push_back(std::move(*family));
}

void Metrics::add_pools(std::vector<MetricFamily>& out) const {
  const auto add = [&](std::string_view name, MetricType type, std::string_view help, auto member) {
    MetricFamily family{name, type, help, {}};
    for (std::size_t i = 0; i < pools_.size(); ++i)
      family.samples.push_back(
          {{{"pool", std::string(kPoolNames.at(i))}}, static_cast<double>((pools_.at(i).*member).load())});
    out.push_back(std::move(family));
  };
  add("http_pool_threads", kGauge, "Threads for work that blocks.", &PoolMeter::threads);
  add("http_pool_threads_busy", kGauge, "Those of them that are working.", &PoolMeter::busy);
  add("http_pool_queue", kGauge, "Requests that may wait for such a thread.", &PoolMeter::queue);
  add("http_pool_waiting", kGauge, "Requests that wait for one.", &PoolMeter::waiting);
  add("http_pool_refused_total", kCounter, "Requests told 503 because too many waited.", &PoolMeter::refused);
}

std::vector<MetricFamily> Metrics::families() const {
  const std::chrono::duration<double> up = std::chrono::steady_clock::now() - start_;
  std::vector<MetricFamily> out = {
      {"assay_build_info", kGauge, "Always 1; the labels say what runs.", {{{{"version", version_}}, 1.0}}},
      metric("assay_uptime_seconds", kGauge, "Seconds since the server started.", up.count())};
  add_connections(out);
  add_requests(out);
  add_pools(out);
  return out;
}

}  // namespace assay::http
