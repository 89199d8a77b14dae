// SPDX-License-Identifier: Apache-2.0
// Quantiles by integer ranks: the j-th of k is the smallest value that j/k of the rows do not exceed.
#include "grid.h"

#include <algorithm>

namespace assay::drift {
namespace {

constexpr std::uint64_t kQuantiles = 1024;
// With this few distinct values each gets a bin of its own.
constexpr std::size_t kFewValues = 512;

constexpr Key kHighest = ~Key{0};

// The ranks 1/parts, 2/parts, ... below 1, as rows go by.
class Ranks {
 public:
  Ranks(std::uint64_t total, std::uint64_t parts) : total_(total), parts_(parts) {}
  // True when `rows`, which never fall, reach one more of them.
  bool reached(std::uint64_t rows) {
    if (next_ == parts_ || rows * parts_ < next_ * total_) return false;
    next_ = std::min(parts_, rows * parts_ / total_ + 1);
    return true;
  }

 private:
  std::uint64_t total_, parts_, next_ = 1;
};

}  // namespace

Grid::Grid(const ValueCounts& reference) {
  const std::uint64_t total = reference.total();
  const bool few = reference.entries().size() <= kFewValues;
  Ranks quantiles(total, kQuantiles), deciles(total, 10);
  std::uint64_t up_to = 0;
  for (const ValueCounts::Entry& entry : reference.entries()) {
    up_to += entry.count;
    const Key high = bin_high(entry.low, reference.dropped_bits());
    const bool heavy = few || entry.count * kQuantiles > total;
    if (heavy) edges_.push_back(entry.low - 1);
    if (quantiles.reached(up_to) || heavy) edges_.push_back(high);
    if (deciles.reached(up_to)) deciles_.push_back(high);
  }
  edges_.insert(edges_.end(), deciles_.begin(), deciles_.end());
  edges_.push_back(kHighest);
  std::sort(edges_.begin(), edges_.end());
  edges_.erase(std::unique(edges_.begin(), edges_.end()), edges_.end());
  index();
  reference_.assign(bins(), 0);
  for (const ValueCounts::Entry& entry : reference.entries()) reference_[bin_of(entry.low)] += entry.count;
}

void Grid::index() {
  constexpr std::uint64_t pieces_an_edge = 4;
  const auto end = edges_.end() - 1;  // the last one bounds nothing
  least_ = edges_.front();
  const Key most = edges_.size() == 1 ? least_ : *(end - 1);
  for (Key binade = least_ >> 52; binade <= most >> 52; ++binade) {
    const auto from = std::lower_bound(edges_.begin(), end, binade << 52);
    const auto to = std::upper_bound(from, end, bin_high(binade << 52, 52));
    Binade out{*from, static_cast<std::uint32_t>(starts_.size()), 0, 0};
    if (from != to) {
      const std::uint64_t span = *(to - 1) - *from;
      const auto wanted = static_cast<std::uint64_t>(to - from) * pieces_an_edge;
      while (span >> out.shift >= wanted) ++out.shift;
      out.last = static_cast<std::uint32_t>(span >> out.shift);
    }
    auto at = from;
    for (std::uint64_t piece = 0; piece <= out.last; ++piece) {
      const Key low = out.low + (piece << out.shift);
      while (at != end && *at < low) ++at;
      starts_.push_back(static_cast<std::uint32_t>(at - edges_.begin()));
    }
    binades_.push_back(out);
  }
}

std::size_t Grid::search(std::size_t from, Key key) const {
  return static_cast<std::size_t>(
      std::lower_bound(edges_.begin() + static_cast<std::ptrdiff_t>(from), edges_.end(), key) - edges_.begin());
}

bool Grid::holds_one_value(std::size_t bin) const {
  return bin > 0 && bin + 1 < edges_.size() && edges_[bin] - edges_[bin - 1] == 1;
}

Counts Grid::by_decile(const Counts& counts) const {
  Counts out(1, 0);
  for (std::size_t bin = 0; bin < counts.size(); ++bin) {
    out.back() += counts[bin];
    if (std::binary_search(deciles_.begin(), deciles_.end(), edges_[bin]))
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
