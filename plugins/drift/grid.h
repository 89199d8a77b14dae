// SPDX-License-Identifier: Apache-2.0
// The bins that a reference column gives: edges at its 1023 quantiles and its deciles, values that weigh more
// than a bin on their own. A window is counted into them with one integer a bin, exactly and in constant
// memory.
#pragma once

#include <cstdint>
#include <vector>

#include "value_counts.h"

namespace assay::drift {

using Counts = std::vector<std::uint64_t>;

class Grid {
 public:
  // `reference` is settled. Without rows the grid is one bin.
  explicit Grid(const ValueCounts& reference);

  std::size_t bins() const { return edges_.size() + 1; }
  // Bin i holds the keys above edge i-1 up to edge i, which is included.
  const std::vector<Key>& edges() const { return edges_; }
  std::size_t bin_of(Key key) const;
  // True when no two different numbers fall into the bin.
  bool holds_one_value(std::size_t bin) const;
  // The reference's rows by bin.
  const Counts& reference() const { return reference_; }

  // Sums `counts`, one a bin, into the at most 10 bins between the reference's deciles.
  Counts by_decile(const Counts& counts) const;
  // The upper ends of all but the last of those, as numbers.
  std::vector<double> decile_edges() const;

 private:
  std::vector<Key> edges_;
  std::vector<Key> deciles_;
  Counts reference_;
};

}  // namespace assay::drift
