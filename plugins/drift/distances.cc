// SPDX-License-Identifier: Apache-2.0
// Numeric distances, from exact counts where they exist and from bins otherwise.
#include "distances.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numbers>
#include <numeric>

namespace assay::drift {
namespace {

// Neumaier's compensated sum.
struct ExactSum {
  double total = 0, lost = 0;
  void add(double value) {
    const double next = total + value;
    lost += std::abs(total) >= std::abs(value) ? (total - next) + value : (value - next) + total;
    total = next;
  }
  double value() const { return total + lost; }
};

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::uint64_t sum(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

struct Weighted {
  double value = 0;
  std::uint64_t count = 0;
};

// The middle of a bin stands for its rows; exact counts have no width.
double middle(Key low, int dropped_bits) {
  const double from = value_of(low), to = value_of(bin_high(low, dropped_bits));
  return from + (to - from) / 2;
}

double width(Key low, int dropped_bits) {
  return value_of(bin_high(low, dropped_bits)) - value_of(low);
}

struct Range {
  double low = 0, high = 0;
  double clip(double value) const { return std::clamp(value, low, high); }
};

// The smallest values that 0.1 % and 99.9 % of the rows do not exceed.
Range central_range(const ValueCounts& counts) {
  Range out{middle(counts.entries().front().low, counts.dropped_bits()), 0};
  bool low_found = false;
  std::uint64_t seen = 0;
  for (const ValueCounts::Entry& entry : counts.entries()) {
    seen += entry.count;
    out.high = middle(entry.low, counts.dropped_bits());
    if (!low_found && seen * 1000 >= counts.total()) {
      out.low = out.high;
      low_found = true;
    }
    if (seen * 1000 >= counts.total() * 999) break;
  }
  return out;
}

std::vector<Weighted> clipped(const ValueCounts& counts, const Range& range) {
  std::vector<Weighted> out;
  for (const ValueCounts::Entry& entry : counts.entries()) {
    const double value = range.clip(middle(entry.low, counts.dropped_bits()));
    if (out.empty() || out.back().value != value) out.push_back({value, 0});
    out.back().count += entry.count;
  }
  return out;
}

double deviation(const std::vector<Weighted>& values, std::uint64_t total) {
  const auto rows = static_cast<double>(total);
  ExactSum first, second;
  for (const Weighted& each : values) first.add(static_cast<double>(each.count) * each.value);
  const double mean = first.value() / rows;
  for (const Weighted& each : values)
    second.add(static_cast<double>(each.count) * ((each.value - mean) * (each.value - mean)));
  return std::sqrt(second.value() / rows);
}

double area_between(const std::vector<Weighted>& a, std::uint64_t total_a, const std::vector<Weighted>& b,
                    std::uint64_t total_b) {
  ExactSum area;
  std::uint64_t below_a = 0, below_b = 0;
  for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
    const double at = j == b.size() || (i < a.size() && a[i].value <= b[j].value) ? a[i].value : b[j].value;
    if (i < a.size() && a[i].value == at) below_a += a[i++].count;
    if (j < b.size() && b[j].value == at) below_b += b[j++].count;
    if (i == a.size() && j == b.size()) break;
    const double next = j == b.size() || (i < a.size() && a[i].value <= b[j].value) ? a[i].value : b[j].value;
    area.add(std::abs(share(below_a, total_a) - share(below_b, total_b)) * (next - at));
  }
  return area.value();
}

double mean_width(const ValueCounts& counts, const Range& range) {
  if (counts.exact()) return 0;
  ExactSum out;
  for (const ValueCounts::Entry& entry : counts.entries()) {
    const double w = std::min(width(entry.low, counts.dropped_bits()), range.high - range.low);
    out.add(static_cast<double>(entry.count) * w);
  }
  return out.value() / static_cast<double>(counts.total());
}

}  // namespace

double chi_squared_p(double x, double degrees) {
  if (!(degrees >= 1)) return 1.0;
  return boost::math::gamma_q(degrees / 2, std::max(0.0, x) / 2);
}

double ks_distance(const ValueCounts& reference, const ValueCounts& current) {
  const auto &a = reference.entries(), &b = current.entries();
  std::uint64_t below_a = 0, below_b = 0;
  double distance = 0;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const Key at = std::min(a[i].low, b[j].low);
    if (a[i].low == at) below_a += a[i++].count;
    if (b[j].low == at) below_b += b[j++].count;
    distance =
        std::max(distance, std::abs(share(below_a, reference.total()) - share(below_b, current.total())));
  }
  return distance;
}

KsBounds ks_bounds(const Grid& grid, const Counts& current) {
  const std::uint64_t total_a = sum(grid.reference()), total_b = sum(current);
  std::uint64_t below_a = 0, below_b = 0;
  KsBounds out;
  for (std::size_t bin = 0; bin < grid.bins(); ++bin) {
    const double start_a = share(below_a, total_a), start_b = share(below_b, total_b);
    below_a += grid.reference()[bin];
    below_b += current[bin];
    const double end_a = share(below_a, total_a), end_b = share(below_b, total_b);
    out.low = std::max(out.low, std::abs(end_a - end_b));
    if (!grid.holds_one_value(bin)) out.high = std::max({out.high, end_a - start_b, end_b - start_a});
  }
  out.high = std::max(out.low, out.high);
  return out;
}

Wasserstein wasserstein(const ValueCounts& reference, const ValueCounts& current) {
  // Both sides take the coarser bins, so that equal rows stay equal.
  const int bits = std::max(reference.dropped_bits(), current.dropped_bits());
  const ValueCounts a = reference.coarsened(bits), b = current.coarsened(bits);
  const Range range = central_range(a);
  const std::vector<Weighted> clipped_a = clipped(a, range), clipped_b = clipped(b, range);
  const double unit = deviation(clipped_a, a.total());
  if (!(unit > 0)) return {};
  return {area_between(clipped_a, a.total(), clipped_b, b.total()) / unit,
          (mean_width(a, range) + mean_width(b, range)) / unit};
}

BinTest population_stability(const Counts& reference, const Counts& current) {
  const std::uint64_t n = sum(reference), m = sum(current);
  const auto bins = static_cast<double>(reference.size());
  ExactSum index;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double p = (static_cast<double>(reference[i]) + 0.5) / (static_cast<double>(n) + 0.5 * bins);
    const double q = (static_cast<double>(current[i]) + 0.5) / (static_cast<double>(m) + 0.5 * bins);
    index.add((q - p) * std::log(q / p));
  }
  const double scale = 1 / static_cast<double>(n) + 1 / static_cast<double>(m);
  return {index.value(), chi_squared_p(index.value() / scale, bins - 1)};
}

BinTest jensen_shannon(const Counts& reference, const Counts& current) {
  const std::uint64_t n = sum(reference), m = sum(current);
  const auto term = [](double p, double mean) { return p > 0 ? p * std::log(p / mean) : 0.0; };
  ExactSum divergence;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double p = share(reference[i], n), q = share(current[i], m), mean = (p + q) / 2;
    divergence.add(term(p, mean));
    divergence.add(term(q, mean));
  }
  const double nats = std::max(0.0, divergence.value() / 2);
  const double scale = 1 / static_cast<double>(n) + 1 / static_cast<double>(m);
  return {std::sqrt(nats / std::numbers::ln2),
          chi_squared_p(8 * nats / scale, static_cast<double>(reference.size()) - 1)};
}

}  // namespace assay::drift
