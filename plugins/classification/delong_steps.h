// SPDX-License-Identifier: Apache-2.0
// The structural components of Sun and Xu behind DeLong's variances: for a positive, the share of negatives below
// it (ties half); for a negative, the share of positives above it. Twice their distance from 1/2, times the number
// of the other class, is a whole number, so sums of it are exact: nothing cancels, and a perfect ranking has
// variance 0.
#pragma once

#include <cstdint>

#include "metrics.h"

namespace assay::classification {

// Rows of equal score, and that whole number for the positives and the negatives among them.
struct DelongStep {
  std::size_t begin = 0, end = 0;
  std::int64_t positives = 0, negatives = 0;
  std::int64_t of_positive = 0, of_negative = 0;
};

struct Classes {
  std::int64_t positives = 0, negatives = 0;
};

inline Classes classes_of(const Sample& sample) {
  Classes out;
  for (const std::uint8_t label : sample.labels) out.positives += label;
  out.negatives = static_cast<std::int64_t>(sample.size()) - out.positives;
  return out;
}

template <class Visit>
void for_each_step(const Sample& sample, const Classes& classes, const Poll& poll, Visit visit) {
  constexpr std::size_t kRowsPerPoll = std::size_t{1} << 20;
  std::int64_t below_p = 0, below_n = 0;
  DelongStep step;
  for (std::size_t next_poll = 0; step.begin < sample.size(); step.begin = step.end) {
    if (step.begin >= next_poll) {
      poll();
      next_poll = step.begin + kRowsPerPoll;
    }
    step.positives = 0;
    for (step.end = step.begin; step.end < sample.size() && sample.scores[step.end] == sample.scores[step.begin];
         ++step.end)
      step.positives += sample.labels[step.end];
    step.negatives = static_cast<std::int64_t>(step.end - step.begin) - step.positives;
    step.of_positive = 2 * below_n + step.negatives - classes.negatives;
    step.of_negative = classes.positives - 2 * below_p - step.positives;
    visit(static_cast<const DelongStep&>(step));
    below_p += step.positives;
    below_n += step.negatives;
  }
}

// Sums of such numbers, or of differences of two, and of their squares. With at most 2^31 rows a number is at most
// 2^32, the sum of squares times the number of rows at most 2^126.
struct Moments {
  __extension__ using Wide = __int128;
  Wide sum = 0, squares = 0;

  void add(std::int64_t value, std::int64_t times) {
    sum += Wide{value} * times;
    squares += Wide{value} * times * value;
  }
  // Of the numbers divided by twice `scale`.
  double variance(std::int64_t count, std::int64_t scale) const {
    const auto numerator = static_cast<double>(Wide{count} * squares - sum * sum);
    const double n = static_cast<double>(count), unit = 2 * static_cast<double>(scale);
    return numerator / n / (n - 1) / unit / unit;
  }
};

}  // namespace assay::classification
