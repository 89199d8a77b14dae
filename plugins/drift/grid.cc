// SPDX-License-Identifier: Apache-2.0
// Quantiles by integer ranks: the j-th of k is the smallest value that j/k of the rows do not exceed.
#include "grid.h"

#include <algorithm>

namespace assay::drift {
namespace {

constexpr std::uint64_t kQuantiles = 1024;
// With this few distinct values each gets a bin of its own.
constexpr std::size_t kFewValues = 512;

// How many of the ranks 1/parts, 2/parts, ... (below 1) are reached by `rows` of `total`.
std::uint64_t ranks_reached(std::uint64_t rows, std::uint64_t total, std::uint64_t parts) {
  return std::min(rows * parts / total, parts - 1);
}

}  // namespace

Grid::Grid(const ValueCounts& reference) {
  const std::uint64_t total = reference.total();
  std::uint64_t below = 0;
  for (const ValueCounts::Entry& entry : reference.entries()) {
    const std::uint64_t up_to = below + entry.count;
    const Key high = bin_high(entry.low, reference.dropped_bits());
    const bool heavy = entry.count * kQuantiles > total || reference.entries().size() <= kFewValues;
    if (heavy) edges_.push_back(entry.low - 1);
    if (heavy || ranks_reached(up_to, total, kQuantiles) > ranks_reached(below, total, kQuantiles))
      edges_.push_back(high);
    if (ranks_reached(up_to, total, 10) > ranks_reached(below, total, 10)) deciles_.push_back(high);
    below = up_to;
  }
  edges_.insert(edges_.end(), deciles_.begin(), deciles_.end());
  std::sort(edges_.begin(), edges_.end());
  edges_.erase(std::unique(edges_.begin(), edges_.end()), edges_.end());
  reference_.assign(bins(), 0);
  for (const ValueCounts::Entry& entry : reference.entries()) reference_[bin_of(entry.low)] += entry.count;
}

std::size_t Grid::bin_of(Key key) const {
  return static_cast<std::size_t>(std::lower_bound(edges_.begin(), edges_.end(), key) - edges_.begin());
}

bool Grid::holds_one_value(std::size_t bin) const {
  return bin > 0 && bin < edges_.size() && edges_[bin] - edges_[bin - 1] == 1;
}

Counts Grid::by_decile(const Counts& counts) const {
  Counts out(1, 0);
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    out.back() += counts[bin];
    if (bin < edges_.size() && std::binary_search(deciles_.begin(), deciles_.end(), edges_[bin]))
      out.push_back(0);
  }
  return out;
}

std::vector<double> Grid::decile_edges() const {
  std::vector<double> out;
  for (const Key key : deciles_) out.push_back(value_of(key));
  return out;
}

}  // namespace assay::drift
