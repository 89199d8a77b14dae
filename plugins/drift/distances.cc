// SPDX-License-Identifier: Apache-2.0
// Numeric distances, from exact counts where they exist and from bins otherwise.
#include "distances.h"

#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <numbers>
#include <numeric>

#include "assay/numbers.hpp"

namespace assay::drift {
namespace {

using sdk::ExactSum;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

std::uint64_t sum(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

// The middle of a bin stands for its rows; exact counts have no width.
double middle(Key low, int dropped_bits) {
  const double from = value_of(low), to = value_of(bin_high(low, dropped_bits));
  return from + (to - from) / 2;
}

// |a/n - b/m| without a division.
class Gap {
 public:
  Gap(std::uint64_t n, std::uint64_t m)
      : n_(static_cast<double>(n)), m_(static_cast<double>(m)), unit_(1 / (n_ * m_)) {}
  double operator()(std::uint64_t a, std::uint64_t b) const {
    return std::abs(static_cast<double>(a) * m_ - static_cast<double>(b) * n_) * unit_;
  }

 private:
  double n_, m_, unit_;
};

// Visits the bins of two counts of one width in ascending order, each once, with the rows up to it. Which side
// comes next is chance, so nothing branches on it.
template <class Visit>
void walk(const ValueCounts& a, const ValueCounts& b, Visit visit) {
  auto left = a.entries().data(), right = b.entries().data();
  const auto left_end = left + a.entries().size(), right_end = right + b.entries().size();
  std::uint64_t up_to_a = 0, up_to_b = 0;
  while (left != left_end && right != right_end) {
    const Key at = std::min(left->low, right->low);
    const std::uint64_t in_a = left->low == at ? 1 : 0, in_b = right->low == at ? 1 : 0;
    up_to_a += left->count * in_a;
    up_to_b += right->count * in_b;
    left += in_a;
    right += in_b;
    visit(at, up_to_a, up_to_b);
  }
  for (; left != left_end; ++left) visit(left->low, up_to_a += left->count, up_to_b);
  for (; right != right_end; ++right) visit(right->low, up_to_a, up_to_b += right->count);
}

// How far the rows may be from where the middles of their bins are, on average.
double mean_width(const ValueCounts& counts, const Spread& spread) {
  const int bits = counts.dropped_bits();
  if (bits == 0) return 0;
  ExactSum out;
  for (const ValueCounts::Entry& entry : counts.entries())
    out.add(static_cast<double>(entry.count) *
            (spread.place(value_of(bin_high(entry.low, bits))) - spread.place(value_of(entry.low))));
  return out.value() / static_cast<double>(counts.total());
}

}  // namespace

double chi_squared_p(double x, double degrees) {
  if (!(degrees >= 1)) return 1.0;
  return boost::math::gamma_q(degrees / 2, std::max(0.0, x) / 2);
}

Spread::Spread(const ValueCounts& counts) {
  const std::vector<ValueCounts::Entry>& entries = counts.entries();
  const std::uint64_t total = counts.total();
  const int bits = counts.dropped_bits();
  if (total == 0) return;
  std::uint64_t seen = 0;
  std::size_t last = 0, first = entries.size();
  for (; last < entries.size(); ++last) {
    seen += entries[last].count;
    if (first == entries.size() && seen * 1000 >= total) first = last;
    if (seen * 1000 >= total * 999) break;
  }
  low = middle(entries[first].low, bits);
  high = middle(entries[last].low, bits);
  if (const double largest = std::max(std::abs(low), std::abs(high)); largest > 0)
    scale_ = std::ldexp(1.0, -std::max(-1000, std::ilogb(largest) + 1));
  ExactSum sum, squares;
  for (const auto& entry : entries)
    sum.add(static_cast<double>(entry.count) * place(middle(entry.low, bits)));
  const double rows = static_cast<double>(total), mean = sum.value() / rows;
  for (const auto& entry : entries) {
    const double off = place(middle(entry.low, bits)) - mean;
    squares.add(static_cast<double>(entry.count) * (off * off));
  }
  deviation = std::sqrt(squares.value() / rows);
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

ValueDistances value_distances(const ValueCounts& reference, const Spread& spread,
                               const ValueCounts& current) {
  // Both sides take the coarser bins, so that equal rows stay equal.
  if (reference.dropped_bits() < current.dropped_bits()) {
    const ValueCounts coarse = reference.coarsened(current.dropped_bits());
    return value_distances(coarse, Spread(coarse), current);
  }
  if (current.dropped_bits() < reference.dropped_bits())
    return value_distances(reference, spread, current.coarsened(reference.dropped_bits()));

  const Gap gap(reference.total(), current.total());
  const int bits = reference.dropped_bits();
  ExactSum area;
  double before = spread.place(spread.low), apart = 0, largest = 0;
  std::uint64_t largest_a = 0, largest_b = 0;
  walk(reference, current, [&](Key low, std::uint64_t up_to_a, std::uint64_t up_to_b) {
    const double value = spread.place(middle(low, bits));
    area.add(apart * (value - before));
    before = value;
    apart = gap(up_to_a, up_to_b);
    if (apart <= largest) return;
    largest = apart;
    largest_a = up_to_a;
    largest_b = up_to_b;
  });
  ValueDistances out;
  out.ks = std::abs(share(largest_a, reference.total()) - share(largest_b, current.total()));
  if (!(spread.deviation > 0)) return out;
  out.wasserstein = area.value() / spread.deviation;
  out.wasserstein_error_bound = (mean_width(reference, spread) + mean_width(current, spread)) / spread.deviation;
  return out;
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
