// SPDX-License-Identifier: Apache-2.0
#include "storage/base/histogram.h"

#include <algorithm>
#include <numeric>

namespace assay {

void Histogram::add(double value) {
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  const std::lock_guard lock(mutex_);
  ++count_;
  sum_ += value;
  if (static_cast<std::size_t>(bound) < within_.size()) ++within_[static_cast<std::size_t>(bound)];
}

HistogramCounts Histogram::counts() const {
  HistogramCounts out{bounds_, std::vector<std::uint64_t>(bounds_.size())};
  const std::lock_guard lock(mutex_);
  std::partial_sum(within_.begin(), within_.end(), out.up_to.begin());
  out.count = count_;
  out.sum = sum_;
  return out;
}

}  // namespace assay
