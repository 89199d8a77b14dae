// SPDX-License-Identifier: Apache-2.0
// Everything here is a function of two rows of counts.
#include "contingency.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "distances.h"

namespace assay::drift {
namespace {

struct Pair {
  std::uint64_t a = 0, b = 0;
  std::uint64_t both() const { return a + b; }
};

// Cells that the chi-squared law holds for: rare categories pooled, from the rarest up.
std::vector<Pair> pooled(const Categories& categories, std::uint64_t n, std::uint64_t m) {
  std::vector<Pair> cells;
  for (std::size_t i = 0; i < categories.names.size(); ++i)
    if (categories.reference[i] + categories.current[i] > 0)
      cells.push_back({categories.reference[i], categories.current[i]});
  std::stable_sort(cells.begin(), cells.end(),
                   [](const Pair& x, const Pair& y) { return x.both() > y.both(); });
  const double least = static_cast<double>(std::min(n, m)) / static_cast<double>(n + m);
  const auto too_few = [least](const Pair& cell) { return least * static_cast<double>(cell.both()) < 5; };
  Pair rest;
  while (!cells.empty() && (too_few(cells.back()) || (rest.both() > 0 && too_few(rest)))) {
    rest.a += cells.back().a;
    rest.b += cells.back().b;
    cells.pop_back();
  }
  if (rest.both() > 0) cells.push_back(rest);
  return cells;
}

}  // namespace

Categories side_by_side(const CategoryCounts& reference, const CategoryCounts& current) {
  Categories out;
  auto a = reference.counts().begin();
  auto b = current.counts().begin();
  while (a != reference.counts().end() || b != current.counts().end()) {
    const bool in_a = a != reference.counts().end() && (b == current.counts().end() || a->first <= b->first);
    const bool in_b = b != current.counts().end() && (a == reference.counts().end() || b->first <= a->first);
    out.names.push_back(in_a ? a->first : b->first);
    out.reference.push_back(in_a ? (a++)->second : 0);
    out.current.push_back(in_b ? (b++)->second : 0);
  }
  return out;
}

ChiSquared chi_squared(const Categories& categories) {
  const std::uint64_t n =
      std::accumulate(categories.reference.begin(), categories.reference.end(), std::uint64_t{0});
  const std::uint64_t m =
      std::accumulate(categories.current.begin(), categories.current.end(), std::uint64_t{0});
  ChiSquared out;
  if (n == 0 || m == 0) return out;
  const double rows_a = static_cast<double>(n), rows_b = static_cast<double>(m), rows = rows_a + rows_b;
  const std::vector<Pair> cells = pooled(categories, n, m);
  double squared_v = 0;
  for (const Pair& cell : cells) {
    const double both = static_cast<double>(cell.both()), a = static_cast<double>(cell.a),
                 b = static_cast<double>(cell.b);
    const double expected_a = both * rows_a / rows, expected_b = both * rows_b / rows;
    out.statistic +=
        (a - expected_a) * (a - expected_a) / expected_a + (b - expected_b) * (b - expected_b) / expected_b;
    const double p = a / rows_a, q = b / rows_b;
    squared_v += (p - q) * (p - q) / (p + q) / 2;
  }
  out.degrees = static_cast<double>(cells.size()) - 1;
  out.p = chi_squared_p(out.statistic, out.degrees);
  out.cramers_v = cells.size() < 2 ? 0.0 : std::sqrt(squared_v);
  return out;
}

double l_infinity(const Categories& categories) {
  const double n = static_cast<double>(
      std::accumulate(categories.reference.begin(), categories.reference.end(), std::uint64_t{0}));
  const double m = static_cast<double>(
      std::accumulate(categories.current.begin(), categories.current.end(), std::uint64_t{0}));
  double out = 0;
  for (std::size_t i = 0; i < categories.names.size(); ++i)
    out = std::max(out, std::abs(static_cast<double>(categories.reference[i]) / n -
                                 static_cast<double>(categories.current[i]) / m));
  return out;
}

NewCategory new_category(const Categories& categories) {
  NewCategory out;
  std::uint64_t n = 0, m = 0;
  for (std::size_t i = 0; i < categories.names.size(); ++i) {
    n += categories.reference[i];
    m += categories.current[i];
    if (categories.reference[i] == 0 && categories.current[i] > out.rows) {
      out.name = categories.names[i];
      out.rows = categories.current[i];
    }
  }
  if (out.rows == 0) return out;
  out.share = static_cast<double>(out.rows) / static_cast<double>(m);
  double log_p = std::log(static_cast<double>(categories.names.size()));
  for (std::uint64_t k = 0; k < out.rows && log_p > -745; ++k)
    log_p += std::log(static_cast<double>(m - k)) - std::log(static_cast<double>(n + m - k));
  out.p = std::min(1.0, std::exp(log_p));
  return out;
}

double proportions_p(std::uint64_t part_a, std::uint64_t rows_a, std::uint64_t part_b, std::uint64_t rows_b) {
  const double n = static_cast<double>(rows_a), m = static_cast<double>(rows_b);
  const double pooled_share = static_cast<double>(part_a + part_b) / (n + m);
  const double variance = pooled_share * (1 - pooled_share) * (1 / n + 1 / m);
  if (!(variance > 0)) return 1.0;
  const double difference = static_cast<double>(part_a) / n - static_cast<double>(part_b) / m;
  return chi_squared_p(difference * difference / variance, 1);
}

}  // namespace assay::drift
