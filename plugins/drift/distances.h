// SPDX-License-Identifier: Apache-2.0
// How far two distributions are apart. Formulas and their sources are in README.md.
#pragma once

#include <cstdint>
#include <vector>

#include "grid.h"

namespace assay::drift {

// P(chi-squared with `degrees` >= x); 1 without a degree of freedom.
double chi_squared_p(double x, double degrees);

// The two-sample Kolmogorov-Smirnov distance: it lies between the two, which are equal when it is known
// exactly.
struct KsBounds {
  double low = 0, high = 0;
};
// From the counters of a grid: edges are compared exactly, and within a bin the rows may lie anywhere.
KsBounds ks_bounds(const Grid& grid, const Counts& current);

// The part of a column that the Wasserstein distance looks at, and its unit there.
struct Spread {
  double low = 0, high = 0;  // the smallest values that 0.1 % and 99.9 % of the rows do not exceed
  double deviation = 0;      // of the rows as `place` puts them

  explicit Spread(const ValueCounts& counts);
  // A value clipped to the spread, over a power of two that keeps the largest below 1: squares and sums of any
  // doubles stay finite.
  double place(double value) const { return (value < low ? low : value > high ? high : value) * scale_; }

 private:
  double scale_ = 1;
};

// What two counts of values with at least one row each are apart.
struct ValueDistances {
  double ks = 0;  // when both counts are exact; a lower bound otherwise
  // The area between the distribution functions, both clipped to the reference's spread, in its deviations; 0
  // when that is 0.
  double wasserstein = 0;
  double wasserstein_error_bound = 0;  // 0 while both counts are exact
};
ValueDistances value_distances(const ValueCounts& reference, const Spread& spread,
                               const ValueCounts& current);

struct BinTest {
  double value = 0;
  double p = 1;
};
// Population stability index with half a row added to each bin; p by (1/n + 1/m) chi2(bins - 1).
BinTest population_stability(const Counts& reference, const Counts& current);
// Jensen-Shannon distance, base 2. Its square is a divergence, an eighth of the stability index to second
// order in nats: hence p.
BinTest jensen_shannon(const Counts& reference, const Counts& current);

}  // namespace assay::drift
