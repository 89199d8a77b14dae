// SPDX-License-Identifier: Apache-2.0
// The bins that a reference column gives: edges at its 1023 quantiles and its deciles, values that weigh more
// than a bin on their own. A window is counted into them with one integer a bin, exactly and in constant
// memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "value_counts.h"

namespace assay::drift {

using Counts = std::vector<std::uint64_t>;

class Grid {
 public:
  // `reference` is settled. Without rows the grid is one bin.
  explicit Grid(const ValueCounts& reference);

  std::size_t bins() const { return edges_.size(); }
  // Bin i holds the keys above edge i-1 up to edge i, which is included; the last edge is the highest key.
  const std::vector<Key>& edges() const { return edges_; }
  std::size_t bin_of(Key key) const {
    const Binade& binade = binades_[key <= least_ ? 0 : std::min(binades_.size() - 1, (key >> 52) - (least_ >> 52))];
    const std::uint64_t piece =
        key <= binade.low ? 0 : std::min<std::uint64_t>((key - binade.low) >> binade.shift, binade.last);
    std::size_t bin = starts_[binade.first + piece];
    for (const std::size_t enough = bin + 8; edges_[bin] < key; ++bin)
      if (bin == enough) return search(bin, key);
    return bin;
  }
  // Adds one to the bin of each key.
  void count(std::span<const Key> keys, Counts& counts) const {
    for (const Key key : keys) ++counts[bin_of(key)];
  }
  // True when no two different numbers fall into the bin.
  bool holds_one_value(std::size_t bin) const;
  // The reference's rows by bin.
  const Counts& reference() const { return reference_; }

  // Sums `counts`, one a bin, into the at most 10 bins between the reference's deciles.
  Counts by_decile(const Counts& counts) const;
  // The upper ends of all but the last of those, as numbers.
  std::vector<double> decile_edges() const;

 private:
  // Where the search for a key begins. Of each binade (numbers of one sign and exponent) the part that has
  // edges is cut into equal pieces, several to an edge, so that it mostly ends where it began.
  struct Binade {
    Key low = 0;             // the first edge
    std::uint32_t first = 0, last = 0;  // pieces: of all, and of this binade
    int shift = 0;
  };

  void index();
  std::size_t search(std::size_t from, Key key) const;

  std::vector<Key> edges_;  // of the last bin: the highest key there is
  std::vector<Key> deciles_;
  Counts reference_;
  Key least_ = 0;
  std::vector<Binade> binades_;  // from that of the first edge to that of the last
  std::vector<std::uint32_t> starts_;
};

}  // namespace assay::drift
