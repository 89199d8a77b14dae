// SPDX-License-Identifier: Apache-2.0
// One sweep over the sorted rows gives every metric.
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
std::uint8_t bin_of(double score) {
  constexpr double width = 1.0 / kCalibrationBins;
  std::uint8_t bin = 0;
  while (bin + 1u < kCalibrationBins && score > width * (bin + 1)) ++bin;
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

double precision(const Confusion& c) { return c.rows() == 0 ? kUndefined : ratio(c.true_positives, c.flagged()); }
double recall(const Confusion& c) { return c.rows() == 0 ? kUndefined : ratio(c.true_positives, c.positives()); }
double f1(const Confusion& c) {
  return c.rows() == 0 ? kUndefined : ratio(2 * c.true_positives, c.positives() + c.flagged());
}

double matthews(const Confusion& c) {
  if (c.rows() == 0) return kUndefined;
  const double labels = static_cast<double>(c.positives()) * static_cast<double>(c.negatives());
  const double flags = static_cast<double>(c.flagged()) * static_cast<double>(c.rows() - c.flagged());
  if (labels == 0 || flags == 0) return 0.0;
  // The products fit 64 bits (kMaxRows); their difference must not be rounded before it is taken.
  const std::int64_t covariance =
      c.true_positives * c.true_negatives - c.false_positives * c.false_negatives;
  return static_cast<double>(covariance) / (std::sqrt(labels) * std::sqrt(flags));
}

Evaluated::Evaluated(const Sample& sample, double threshold) : sample_(sample) {
  const auto flagged = std::lower_bound(sample.scores.begin(), sample.scores.end(), threshold);
  first_flagged_ = static_cast<std::size_t>(flagged - sample.scores.begin());
  log_losses_.reserve(sample.size());
  bins_.reserve(sample.size());
  for (std::size_t i = 0; i < sample.size(); ++i) {
    log_losses_.push_back(log_loss_of(sample.scores[i], sample.labels[i] != 0));
    bins_.push_back(bin_of(sample.scores[i]));
  }
}

// From the highest score down. Rows of equal score form one step: neither curve has a point within it.
template <class Sum, class Weight>
Summary Evaluated::sweep(Weight weight) const {
  Summary out;
  Confusion& counts = out.counts;
  Sum log_loss, brier, precision_sum;
  std::array<Sum, kCalibrationBins> surplus;
  for (std::size_t i = 0; i < sample_.size(); ++i) {
    const std::int64_t w = weight(i);
    if (w == 0) continue;
    const bool positive = sample_.labels[i] != 0;
    const double error = sample_.scores[i] - (positive ? 1.0 : 0.0);
    log_loss.add(static_cast<double>(w) * log_losses_[i]);
    brier.add(static_cast<double>(w) * (error * error));
    surplus[bins_[i]].add(static_cast<double>(w) * error);
    const bool flagged = i >= first_flagged_;
    (positive ? (flagged ? counts.true_positives : counts.false_negatives)
              : (flagged ? counts.false_positives : counts.true_negatives)) += w;
  }
  const std::int64_t positives = counts.positives(), negatives = counts.negatives();
  std::int64_t above_positive = 0, above_negative = 0, twice_area = 0;
  double distance = 0;
  for (std::size_t end = sample_.size(); end > 0;) {
    std::int64_t step_positive = 0, step_negative = 0;
    const double score = sample_.scores[end - 1];
    for (; end > 0 && sample_.scores[end - 1] == score; --end)
      (sample_.labels[end - 1] != 0 ? step_positive : step_negative) += weight(end - 1);
    twice_area += step_negative * (2 * above_positive + step_positive);
    above_positive += step_positive;
    above_negative += step_negative;
    if (step_positive > 0)
      precision_sum.add(static_cast<double>(step_positive) * ratio(above_positive, above_positive + above_negative));
    distance = std::max(distance, std::abs(ratio(above_positive, positives) - ratio(above_negative, negatives)));
  }
  const auto rows = static_cast<double>(counts.rows());
  Ranking& ranking = out.ranking;
  const bool both = positives > 0 && negatives > 0;
  ranking.roc_auc = both ? static_cast<double>(twice_area) /
                               (2.0 * static_cast<double>(positives) * static_cast<double>(negatives))
                         : kUndefined;
  ranking.kolmogorov_smirnov = both ? distance : kUndefined;
  ranking.average_precision = positives > 0 ? precision_sum.value() / static_cast<double>(positives) : 0.0;
  if (counts.rows() == 0) ranking.average_precision = kUndefined;
  ranking.log_loss = log_loss.value() / rows;
  ranking.brier = brier.value() / rows;
  double surplus_sum = 0;
  for (const Sum& bin : surplus) surplus_sum += std::abs(bin.value());
  ranking.calibration_error = surplus_sum / rows;
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
  for (std::size_t i = 0; i < sample_.size(); ++i) {
    CalibrationBin& bin = out[bins_[i]];
    bin.weight += 1;
    bin.positives += sample_.labels[i];
    sums[bins_[i]].add(sample_.scores[i]);
  }
  for (std::size_t b = 0; b < out.size(); ++b) out[b].score_sum = sums[b].value();
  return out;
}

}  // namespace assay::classification
