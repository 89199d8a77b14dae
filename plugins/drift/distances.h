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
// Of two exact counts with at least one row each.
double ks_distance(const ValueCounts& reference, const ValueCounts& current);
// From the counters of a grid: edges are compared exactly, and within a bin the rows may lie anywhere.
KsBounds ks_bounds(const Grid& grid, const Counts& current);

// The area between the distribution functions, both clipped to the reference's 0.1 and 99.9 % quantiles, in
// units of the clipped reference's standard deviation; 0 when that is 0.
struct Wasserstein {
  double in_reference_deviations = 0;
  double error_bound = 0;  // 0 while both counts are exact
};
Wasserstein wasserstein(const ValueCounts& reference, const ValueCounts& current);

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
