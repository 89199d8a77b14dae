// SPDX-License-Identifier: Apache-2.0
// The metrics of a binary classifier, each by scikit-learn's definition, ties and degenerate classes
// included. README.md has the formulas. A metric that is not defined for the rows is NaN.
#pragma once

#include <cstdint>
#include <vector>

#include "observations.h"

namespace assay::classification {

inline constexpr std::size_t kCalibrationBins = 10;

// What the metrics are asked with. A row is flagged when its score is at least `threshold`.
struct Settings {
  double threshold = 0.5;
  double beta = 2;          // how many times as much recall weighs as precision
  double lift_share = 0.1;  // of the rows, those of the highest scores
  double max_fpr = 0.05;    // the share of negatives that may be flagged
  double cost_false_positive = 1, cost_false_negative = 1;
};

struct Confusion {
  std::int64_t true_positives = 0, false_positives = 0, true_negatives = 0, false_negatives = 0;

  std::int64_t positives() const { return true_positives + false_negatives; }
  std::int64_t negatives() const { return true_negatives + false_positives; }
  std::int64_t rows() const { return positives() + negatives(); }
  std::int64_t flagged() const { return true_positives + false_positives; }
};

double accuracy(const Confusion& counts);
// The mean of the recalls of the classes that occur.
double balanced_accuracy(const Confusion& counts);
// 0 where nothing was flagged, or nothing was to be found.
double precision(const Confusion& counts);
double recall(const Confusion& counts);
double f_beta(const Confusion& counts, double beta);
// Matthews' correlation; 0 where a class or a prediction does not occur.
double matthews(const Confusion& counts);
// Cohen's kappa; NaN where one class occurs and is all that is predicted.
double kappa(const Confusion& counts);
// The mean cost of a row.
double expected_cost(const Confusion& counts, const Settings& settings);
// Of Vickers and Elkin's decision curve, at the threshold; NaN at threshold 1.
double net_benefit(const Confusion& counts, const Settings& settings);

struct CalibrationBin {
  double weight = 0, score_sum = 0, positives = 0;
};

// What follows from the scores themselves.
struct Ranking {
  double roc_auc = 0, average_precision = 0, log_loss = 0, brier = 0, calibration_error = 0,
         kolmogorov_smirnov = 0, lift = 0, recall_at_fpr = 0;
};

struct Summary {
  Confusion counts;
  Ranking ranking;
};

// A sample with all that does not change when its rows are weighted differently. Borrows all three.
class Evaluated {
 public:
  Evaluated(const Sample& sample, const Settings& settings, const Poll& poll);

  const Sample& sample() const { return sample_; }
  const Settings& settings() const { return settings_; }
  Summary summary() const;
  // The summary of the sample in which row i occurs weights[i] times. Summation is not compensated.
  Summary summary(const std::vector<std::uint8_t>& weights) const;
  std::vector<CalibrationBin> calibration() const;

 private:
  // Neighbouring rows of one calibration bin and one prediction, not too many for one go.
  struct Segment {
    std::size_t end = 0;
    std::size_t bin = 0;
    bool flagged = false;
  };

  template <class Sum, class Weight>
  Summary sweep(Weight weight) const;
  template <class Sum, class Weight>
  void add_errors(Weight weight, Summary& out) const;
  template <class Sum, class Weight>
  void add_ranking(Weight weight, Summary& out) const;

  const Sample& sample_;
  const Settings& settings_;
  const Poll& poll_;
  std::vector<double> log_losses_;
  std::vector<Segment> segments_;
};

}  // namespace assay::classification
