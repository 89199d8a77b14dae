// SPDX-License-Identifier: Apache-2.0
// Tests of counts: are the categories, the missing values, a new category more than the luck of two samples?
#pragma once

#include <cstdint>
#include <string>

#include "category_counts.h"
#include "grid.h"

namespace assay::drift {

// Two samples' counts of the same categories, one of them possibly 0.
struct Categories {
  std::vector<std::string> names;  // in order
  Counts reference, current;
};
Categories side_by_side(const CategoryCounts& reference, const CategoryCounts& current);

struct ChiSquared {
  double statistic = 0;
  double degrees = 0;
  double p = 1;
  double cramers_v =
      0;  // of the two samples brought to equal size, so that it does not depend on how many rows each has
};
// Pearson's test without continuity correction. Categories with an expected count below 5 are counted
// together, joined by the next rarest while they still expect too few.
ChiSquared chi_squared(const Categories& categories);

// The largest difference between the two shares of a category.
double l_infinity(const Categories& categories);

// The new category with the most rows.
struct NewCategory {
  std::string name;
  std::uint64_t rows = 0;
  double share = 0;
  double p = 1;  // that all its rows fell into the second sample by chance, times the number of categories
};
NewCategory new_category(const Categories& categories);

// Of two proportions, pooled and two-sided: the chi-squared test of the 2x2 table.
double proportions_p(std::uint64_t part_a, std::uint64_t rows_a, std::uint64_t part_b, std::uint64_t rows_b);

}  // namespace assay::drift
