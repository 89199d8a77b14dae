// SPDX-License-Identifier: Apache-2.0
// Two passes over the sorted rows give every metric: errors row by row, then the ranking step by step.
#include "metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "assay/numbers.hpp"

namespace assay::classification {
namespace {

constexpr std::size_t kRowsPerPoll = std::size_t{1} << 20;
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double ratio(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

struct PlainSum {
  double total = 0;
  void add(double value) { total += value; }
  double value() const { return total; }
};

// scikit-learn keeps a probability one epsilon of its type away from 0 and 1, on both sides separately.
double log_loss_of(double score, bool label) {
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  return -std::log(std::clamp(label ? score : 1.0 - score, epsilon, 1.0 - epsilon));
}

// The upper end of a bin, which it holds, as in scikit-learn's calibration_curve; the first bin holds 0 too.
double bin_end(std::size_t bin) {
  constexpr double width = 1.0 / kCalibrationBins;
  return bin + 1 == kCalibrationBins ? 1.0 : width * static_cast<double>(bin + 1);
}

// The most negatives that may be flagged.
std::int64_t most_within(double share, std::int64_t negatives) {
  auto most = static_cast<std::int64_t>(share * static_cast<double>(negatives));
  const auto within = [&](std::int64_t count) { return ratio(count, negatives) <= share; };
  while (most > 0 && !within(most)) --most;
  while (most < negatives && within(most + 1)) ++most;
  return most;
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
double f_beta(const Confusion& c, double beta) {
  if (c.rows() == 0) return kUndefined;
  const double squared = beta * beta, found = (1 + squared) * static_cast<double>(c.true_positives);
  const double whole = found + squared * static_cast<double>(c.false_negatives) +
                       static_cast<double>(c.false_positives);
  return whole == 0 ? 0.0 : found / whole;
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

double kappa(const Confusion& c) {
  // Disagreement as it is and as chance alone makes it, both times the number of rows.
  const std::int64_t by_chance =
      c.positives() * (c.rows() - c.flagged()) + c.negatives() * c.flagged();
  if (by_chance == 0) return kUndefined;
  const std::int64_t found = (c.false_positives + c.false_negatives) * c.rows();
  return static_cast<double>(by_chance - found) / static_cast<double>(by_chance);
}

double expected_cost(const Confusion& c, const Settings& settings) {
  return (settings.cost_false_positive * static_cast<double>(c.false_positives) +
          settings.cost_false_negative * static_cast<double>(c.false_negatives)) /
         static_cast<double>(c.rows());
}

double net_benefit(const Confusion& c, const Settings& settings) {
  if (settings.threshold == 1) return kUndefined;
  const double rows = static_cast<double>(c.rows());
  return static_cast<double>(c.true_positives) / rows -
         static_cast<double>(c.false_positives) / rows * (settings.threshold / (1 - settings.threshold));
}

Evaluated::Evaluated(const Sample& sample, const Settings& settings, const Poll& poll)
    : sample_(sample), settings_(settings), poll_(poll) {
  const auto begin = sample.scores.begin(), end = sample.scores.end();
  const auto place = [&](auto at) { return static_cast<std::size_t>(at - begin); };
  const std::size_t first_flagged = place(std::lower_bound(begin, end, settings.threshold));
  std::size_t at = 0;
  for (std::size_t bin = 0; bin < kCalibrationBins; ++bin) {
    const std::size_t bin_stop = place(std::upper_bound(begin, end, bin_end(bin)));
    while (at < bin_stop) {
      const bool flagged = at >= first_flagged;
      at = std::min({bin_stop, at + kRowsPerPoll, flagged ? bin_stop : std::max(at, first_flagged)});
      segments_.push_back({at, bin, flagged});
    }
  }
  log_losses_.resize(sample.size());
  for (std::size_t i = 0; i < sample.size(); ++i) {
    if (i % kRowsPerPoll == 0) poll();
    log_losses_[i] = log_loss_of(sample.scores[i], sample.labels[i] != 0);
  }
}

template <class Sum, class Weight>
void Evaluated::add_errors(Weight weight, Summary& out) const {
  Sum log_loss, brier;
  std::array<Sum, kCalibrationBins> surplus;
  std::size_t i = 0;
  for (const Segment& segment : segments_) {
    poll_();
    std::int64_t rows = 0, positives = 0;
    Sum& surplus_of_bin = surplus[segment.bin];
    for (; i < segment.end; ++i) {
      const std::int64_t count = weight(i);
      const auto w = static_cast<double>(count);
      const double error = sample_.scores[i] - static_cast<double>(sample_.labels[i]);
      rows += count;
      positives += count * sample_.labels[i];
      log_loss.add(w * log_losses_[i]);
      brier.add(w * (error * error));
      surplus_of_bin.add(w * error);
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
  const auto top = static_cast<std::int64_t>(
      std::ceil(settings_.lift_share * static_cast<double>(positives + negatives)));
  const std::int64_t most_negatives = most_within(settings_.max_fpr, negatives);
  std::int64_t above_positive = 0, above_negative = 0, twice_area = 0, distance = 0, found_within = 0;
  double found_in_top = 0;
  Sum precision_sum;
  for (std::size_t end = sample_.size(), until_poll = end; end > 0;) {
    if (end <= until_poll) {
      poll_();
      until_poll = end > kRowsPerPoll ? end - kRowsPerPoll : 0;
    }
    std::int64_t step = 0, step_positive = 0;
    const double score = sample_.scores[end - 1];
    do {
      --end;
      const std::int64_t count = weight(end);
      step += count;
      step_positive += count * sample_.labels[end];
    } while (end > 0 && sample_.scores[end - 1] == score);
    const std::int64_t above = above_positive + above_negative;
    twice_area += (step - step_positive) * (2 * above_positive + step_positive);
    above_positive += step_positive;
    above_negative += step - step_positive;
    if (step_positive > 0)
      precision_sum.add(static_cast<double>(step_positive * above_positive) /
                        static_cast<double>(above + step));
    distance = std::max(distance, std::abs(above_positive * negatives - above_negative * positives));
    if (above_negative <= most_negatives) found_within = above_positive;
    if (above + step <= top)
      found_in_top = static_cast<double>(above_positive);
    else if (above < top)  // of the rows of one score any may be the last to be taken
      found_in_top += static_cast<double>(step_positive) * static_cast<double>(top - above) /
                      static_cast<double>(step);
  }
  const bool both = positives > 0 && negatives > 0;
  const double pairs = static_cast<double>(positives) * static_cast<double>(negatives);
  Ranking& ranking = out.ranking;
  ranking.roc_auc = both ? static_cast<double>(twice_area) / (2 * pairs) : kUndefined;
  ranking.kolmogorov_smirnov = both ? static_cast<double>(distance) / pairs : kUndefined;
  ranking.recall_at_fpr = both ? ratio(found_within, positives) : kUndefined;
  ranking.lift = positives > 0 ? (found_in_top / static_cast<double>(top)) / ratio(positives, positives + negatives)
                               : kUndefined;
  ranking.average_precision = positives > 0 ? precision_sum.value() / static_cast<double>(positives) : 0.0;
  if (positives + negatives == 0) ranking.average_precision = kUndefined;
}

template <class Sum, class Weight>
Summary Evaluated::sweep(Weight weight) const {
  Summary out;
  add_errors<Sum>(weight, out);
  add_ranking<Sum>(weight, out);
  return out;
}

Summary Evaluated::summary() const {
  return sweep<sdk::ExactSum>([](std::size_t) { return std::int64_t{1}; });
}

Summary Evaluated::summary(const std::vector<std::uint8_t>& weights) const {
  return sweep<PlainSum>([&](std::size_t i) { return std::int64_t{weights[i]}; });
}

std::vector<CalibrationBin> Evaluated::calibration() const {
  std::vector<CalibrationBin> out(kCalibrationBins);
  std::array<sdk::ExactSum, kCalibrationBins> sums;
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
