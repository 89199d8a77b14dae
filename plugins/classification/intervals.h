// SPDX-License-Identifier: Apache-2.0
// How far a metric may be from its value by the luck of the sample. Sources of the formulas are in README.md.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "metrics.h"

namespace assay::classification {

struct Interval {
  double low = 0, high = 0;
};

// The two-sided quantile of the normal distribution: 1.96 for 0.95. `confidence` is within (0, 1).
double normal_quantile(double confidence);

// Wilson's score interval of a proportion; none when there are no trials.
std::optional<Interval> wilson(std::int64_t successes, std::int64_t trials, double confidence);

// DeLong's variance of the area under the ROC curve; none with fewer than two rows of a class.
std::optional<double> delong_variance(const Sample& sample, const Poll& poll);
// The interval that it gives around `area`, clamped to [0, 1].
std::optional<Interval> delong(const Sample& sample, double area, double confidence, const Poll& poll);

struct BootstrapSettings {
  std::uint64_t seed = 0;
  int resamples = 0;
  double confidence = 0.95;
};

struct BootstrapIntervals {
  std::optional<Interval> balanced_accuracy, f1, f_beta, matthews, kappa, average_precision, log_loss, brier,
      calibration_error, kolmogorov_smirnov, lift, recall_at_fpr, expected_cost, net_benefit;
};

// Percentile intervals of the numbers that `of` answers for resamples in which each of `rows` rows occurs
// Poisson(1) times, widened to hold the value itself. The weights follow from the seed and a row's place alone.
// None for a number that more than half of the resamples leave undefined.
std::vector<std::optional<Interval>> bootstrap(
    std::size_t rows, const std::vector<double>& values, const BootstrapSettings& settings, const Poll& poll,
    const std::function<std::vector<double>(const std::vector<std::uint8_t>& weights)>& of);
// The same for the sorted sample of a binary classifier.
BootstrapIntervals bootstrap(const Evaluated& rows, const Summary& value, const BootstrapSettings& settings,
                             const Poll& poll);

}  // namespace assay::classification
