// SPDX-License-Identifier: Apache-2.0
// The normal distribution, as far as intervals need it.
#pragma once

#include <cmath>
#include <numbers>
#include <numeric>

namespace assay {

// The share of the standard normal distribution above z.
inline double normal_tail(double z) {
  return 0.5 * std::erfc(z / std::numbers::sqrt2);
}

// The z with this share above it; `share` is within (0, 1).
inline double normal_quantile(double share) {
  double low = -40, high = 40;
  for (double z = 0; z != low && z != high; z = std::midpoint(low, high)) (normal_tail(z) > share ? low : high) = z;
  return high;
}

}  // namespace assay
