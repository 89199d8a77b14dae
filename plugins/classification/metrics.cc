// SPDX-License-Identifier: Apache-2.0
// Two passes over the sorted rows give every metric: errors row by row, then the ranking step by step.
#include "metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace assay::classification {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

struct PlainSum {
  double total = 0;
  void add(double value) { total += value; }
  double value() const { return total; }
};

// Neumaier's compensated sum: its error does not grow with the number of terms.
struct ExactSum {
  double total = 0, lost = 0;
  void add(double value) {
    const double next = total + value;
    lost += std::abs(total) >= std::abs(value) ? (total - next) + value : (value - next) + total;
    total = next;
  }
  double value() const { return total + lost; }
};

// scikit-learn keeps a probability one epsilon of its type away from 0 and 1, on both sides separately.
double log_loss_of(double score, bool label) {
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  return -std::log(std::clamp(label ? score : 1.0 - score, epsilon, 1.0 - epsilon));
}

// Bins are open below and closed above, as those of scikit-learn's calibration_curve; the first holds 0 too.
std::size_t bin_of(double score) {
  constexpr double width = 1.0 / kCalibrationBins;
  std::size_t bin = 0;
  while (bin + 1 < kCalibrationBins && score > width * static_cast<double>(bin + 1)) ++bin;
  return bin;
}

}  // namespace

double accuracy(const Confusion& c) {
  return c.rows() == 0 ? kUndefined : ratio(c.true_positives + c.true_negatives, c.rows());
}

double balanced_accuracy(const Confusion& c) {
  if (c.rows() == 0) return kUndefined;
  if (c.negatives() == 0) return ratio(c.true_positives, c.positives());
  if (c.positives() == 0) return ratio(c.true_negatives, c.negatives());
  return (ratio(c.true_positives, c.positives()) + ratio(c.true_negatives, c.negatives())) / 2;
}

double precision(const Confusion& c) {
  return c.rows() == 0 ? kUndefined : ratio(c.true_positives, c.flagged());
}
double recall(const Confusion& c) {
  return c.rows() == 0 ? kUndefined : ratio(c.true_positives, c.positives());
}
double f1(const Confusion& c) {
  return c.rows() == 0 ? kUndefined : ratio(2 * c.true_positives, c.positives() + c.flagged());
}

double matthews(const Confusion& c) {
  if (c.rows() == 0) return kUndefined;
  const double labels = static_cast<double>(c.positives()) * static_cast<double>(c.negatives());
  const double flags = static_cast<double>(c.flagged()) * static_cast<double>(c.rows() - c.flagged());
  if (labels == 0 || flags == 0) return 0.0;
  // The products fit 64 bits (kMaxRows); their difference must not be rounded before it is taken.
  const std::int64_t covariance = c.true_positives * c.true_negatives - c.false_positives * c.false_negatives;
  return static_cast<double>(covariance) / (std::sqrt(labels) * std::sqrt(flags));
}

Evaluated::Evaluated(const Sample& sample, double threshold) : sample_(sample) {
  log_losses_.reserve(sample.size());
  for (std::size_t i = 0; i < sample.size(); ++i) {
    log_losses_.push_back(log_loss_of(sample.scores[i], sample.labels[i] != 0));
    const std::size_t bin = bin_of(sample.scores[i]);
    const bool flagged = sample.scores[i] >= threshold;
    if (segments_.empty() || segments_.back().bin != bin || segments_.back().flagged != flagged)
      segments_.push_back({i, bin, flagged});
    segments_.back().end = i + 1;
  }
}

template <class Sum, class Weight>
void Evaluated::add_errors(Weight weight, Summary& out) const {
  Sum log_loss, brier;
  std::array<Sum, kCalibrationBins> surplus;
  std::size_t i = 0;
  for (const Segment& segment : segments_) {
    std::int64_t rows = 0, positives = 0;
    for (; i < segment.end; ++i) {
      const std::int64_t count = weight(i);
      const auto w = static_cast<double>(count);
      const double error = sample_.scores[i] - static_cast<double>(sample_.labels[i]);
      rows += count;
      positives += count * sample_.labels[i];
      log_loss.add(w * log_losses_[i]);
      brier.add(w * (error * error));
      surplus[segment.bin].add(w * error);
    }
    (segment.flagged ? out.counts.true_positives : out.counts.false_negatives) += positives;
    (segment.flagged ? out.counts.false_positives : out.counts.true_negatives) += rows - positives;
  }
  const auto rows = static_cast<double>(out.counts.rows());
  double surplus_sum = 0;
  for (const Sum& bin : surplus) surplus_sum += std::abs(bin.value());
  out.ranking.log_loss = log_loss.value() / rows;
  out.ranking.brier = brier.value() / rows;
  out.ranking.calibration_error = surplus_sum / rows;
}

// From the highest score down. Rows of equal score form one step: neither curve has a point within it.
template <class Sum, class Weight>
void Evaluated::add_ranking(Weight weight, Summary& out) const {
  const std::int64_t positives = out.counts.positives(), negatives = out.counts.negatives();
  std::int64_t above_positive = 0, above_negative = 0, twice_area = 0, distance = 0;
  Sum precision_sum;
  for (std::size_t end = sample_.size(); end > 0;) {
    std::int64_t step = 0, step_positive = 0;
    const double score = sample_.scores[end - 1];
    do {
      --end;
      const std::int64_t count = weight(end);
      step += count;
      step_positive += count * sample_.labels[end];
    } while (end > 0 && sample_.scores[end - 1] == score);
    twice_area += (step - step_positive) * (2 * above_positive + step_positive);
    above_positive += step_positive;
    above_negative += step - step_positive;
    precision_sum.add(static_cast<double>(step_positive * above_positive) /
                      static_cast<double>(std::max<std::int64_t>(1, above_positive + above_negative)));
    distance = std::max(distance, std::abs(above_positive * negatives - above_negative * positives));
  }
  const bool both = positives > 0 && negatives > 0;
  const double pairs = static_cast<double>(positives) * static_cast<double>(negatives);
  Ranking& ranking = out.ranking;
  ranking.roc_auc = both ? static_cast<double>(twice_area) / (2 * pairs) : kUndefined;
  ranking.kolmogorov_smirnov = both ? static_cast<double>(distance) / pairs : kUndefined;
  ranking.average_precision = positives > 0 ? precision_sum.value() / static_cast<double>(positives) : 0.0;
  if (out.counts.rows() == 0) ranking.average_precision = kUndefined;
}

template <class Sum, class Weight>
Summary Evaluated::sweep(Weight weight) const {
  Summary out;
  add_errors<Sum>(weight, out);
  add_ranking<Sum>(weight, out);
  return out;
}

Summary Evaluated::summary() const {
  return sweep<ExactSum>([](std::size_t) { return std::int64_t{1}; });
}

Summary Evaluated::summary(const std::vector<std::uint8_t>& weights) const {
  return sweep<PlainSum>([&](std::size_t i) { return std::int64_t{weights[i]}; });
}

std::vector<CalibrationBin> Evaluated::calibration() const {
  std::vector<CalibrationBin> out(kCalibrationBins);
  std::array<ExactSum, kCalibrationBins> sums;
  std::size_t i = 0;
  for (const Segment& segment : segments_) {
    CalibrationBin& bin = out[segment.bin];
    for (; i < segment.end; ++i) {
      bin.weight += 1;
      bin.positives += sample_.labels[i];
      sums[segment.bin].add(sample_.scores[i]);
    }
  }
  for (std::size_t b = 0; b < out.size(); ++b) out[b].score_sum = sums[b].value();
  return out;
}

}  // namespace assay::classification
