// SPDX-License-Identifier: Apache-2.0
// How often values of which size occurred, so that one can ask afterwards how large most of them were.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

namespace assay {

struct HistogramCounts {
  std::span<const double> bounds;
  std::vector<std::uint64_t> up_to;  // how many values were no larger than the bound in the same place
  std::uint64_t count = 0;           // of all values
  double sum = 0;
};

// Any thread may call any method at any time.
class Histogram {
 public:
  // `bounds` ascend, and are borrowed for good.
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds), within_(bounds.size()) {}

  void add(double value);
  HistogramCounts counts() const;

 private:
  const std::span<const double> bounds_;
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> within_;  // of values between a bound and the one before it
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

}  // namespace assay
