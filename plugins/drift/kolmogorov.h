// SPDX-License-Identifier: Apache-2.0
// The two-sample Kolmogorov-Smirnov test's p-value, as scipy.stats.ks_2samp gives it.
#pragma once

#include <cstdint>
#include <functional>

namespace assay::drift {

// P(D >= distance) for two samples of one continuous distribution; conservative where values tie. Exact up to
// 10 000 rows in both samples, beyond that by the one-sample law at the effective size. Both sizes are at
// least 1. `poll` is called every few milliseconds and may throw.
double ks_two_sample_p(double distance, std::uint64_t rows_a, std::uint64_t rows_b,
                       const std::function<void()>& poll);

// P(D_n >= x) of the two-sided one-sample statistic (Simard and L'Ecuyer, "Computing the two-sided
// Kolmogorov-Smirnov distribution", J. Stat. Softw. 39(11), 2011).
double ks_one_sample_p(std::uint64_t rows, double x);

}  // namespace assay::drift
