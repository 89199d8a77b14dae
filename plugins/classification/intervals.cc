// SPDX-License-Identifier: Apache-2.0
// Wilson, DeLong and a seeded Poisson bootstrap.
#include "intervals.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <vector>

#include "philox.h"

namespace assay::classification {
namespace {

struct Tracked {
  double (*of)(const Summary&);
  std::optional<Interval> BootstrapIntervals::*to;
};

constexpr Tracked kTracked[] = {
    {[](const Summary& s) { return balanced_accuracy(s.counts); }, &BootstrapIntervals::balanced_accuracy},
    {[](const Summary& s) { return f1(s.counts); }, &BootstrapIntervals::f1},
    {[](const Summary& s) { return matthews(s.counts); }, &BootstrapIntervals::matthews},
    {[](const Summary& s) { return s.ranking.average_precision; }, &BootstrapIntervals::average_precision},
    {[](const Summary& s) { return s.ranking.log_loss; }, &BootstrapIntervals::log_loss},
    {[](const Summary& s) { return s.ranking.brier; }, &BootstrapIntervals::brier},
    {[](const Summary& s) { return s.ranking.calibration_error; }, &BootstrapIntervals::calibration_error},
    {[](const Summary& s) { return s.ranking.kolmogorov_smirnov; }, &BootstrapIntervals::kolmogorov_smirnov},
};

void draw_weights(std::uint64_t seed, std::uint32_t resample, std::vector<std::uint8_t>& weights) {
  for (std::size_t i = 0; i < weights.size(); i += 4) {
    const PhiloxBlock block = philox(seed, {static_cast<std::uint32_t>(i / 4), 0, resample, 0});
    const std::size_t end = std::min<std::size_t>(4, weights.size() - i);
    for (std::size_t k = 0; k < end; ++k) weights[i + k] = poisson_of(block[k]);
  }
}

// Linear between the two nearest order statistics.
double quantile(const std::vector<double>& sorted, double q) {
  const double at = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::optional<Interval> percentile(std::vector<double> values, double value,
                                   const BootstrapSettings& settings) {
  if (values.empty() || values.size() * 2 < static_cast<std::size_t>(settings.resamples) || std::isnan(value))
    return std::nullopt;
  std::sort(values.begin(), values.end());
  const double tail = (1 - settings.confidence) / 2;
  return Interval{std::min(value, quantile(values, tail)), std::max(value, quantile(values, 1 - tail))};
}

}  // namespace

double normal_quantile(double confidence) {
  return boost::math::quantile(boost::math::complement(boost::math::normal(), (1 - confidence) / 2));
}

std::optional<Interval> wilson(std::int64_t successes, std::int64_t trials, double confidence) {
  if (trials == 0) return std::nullopt;
  const double n = static_cast<double>(trials), p = static_cast<double>(successes) / n;
  const double z = normal_quantile(confidence), z2 = z * z;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half = z / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return Interval{successes == 0 ? 0.0 : std::max(0.0, centre - half),
                  successes == trials ? 1.0 : std::min(1.0, centre + half)};
}

// The structural components of Sun and Xu: for a positive, the share of negatives below it (ties half); for a
// negative, the share of positives above it. Both come from one pass over the sorted steps.
std::optional<double> delong_variance(const Sample& sample) {
  double positives = 0;
  for (const std::uint8_t label : sample.labels) positives += label;
  const double negatives = static_cast<double>(sample.size()) - positives;
  if (positives < 2 || negatives < 2) return std::nullopt;

  // Sums around 1/2 keep the variance of a perfect ranking at exactly 0.
  long double sum_p = 0, square_p = 0, sum_n = 0, square_n = 0;
  double below_p = 0, below_n = 0;
  for (std::size_t begin = 0, end = 0; begin < sample.size(); begin = end) {
    double step_p = 0;
    for (end = begin; end < sample.size() && sample.scores[end] == sample.scores[begin]; ++end)
      step_p += sample.labels[end];
    const double step_n = static_cast<double>(end - begin) - step_p;
    const long double of_positive = (below_n + step_n / 2) / negatives - 0.5L;
    const long double of_negative = (positives - below_p - step_p / 2) / positives - 0.5L;
    sum_p += static_cast<long double>(step_p) * of_positive;
    square_p += static_cast<long double>(step_p) * of_positive * of_positive;
    sum_n += static_cast<long double>(step_n) * of_negative;
    square_n += static_cast<long double>(step_n) * of_negative * of_negative;
    below_p += step_p;
    below_n += step_n;
  }
  const auto variance = [](long double sum, long double square, long double n) {
    return std::max(0.0L, (square - sum * sum / n) / (n - 1));
  };
  return static_cast<double>(variance(sum_p, square_p, positives) / positives +
                             variance(sum_n, square_n, negatives) / negatives);
}

std::optional<Interval> delong(const Sample& sample, double area, double confidence) {
  const auto variance = delong_variance(sample);
  if (!variance) return std::nullopt;
  const double half = normal_quantile(confidence) * std::sqrt(*variance);
  return Interval{std::max(0.0, area - half), std::min(1.0, area + half)};
}

BootstrapIntervals bootstrap(const Evaluated& rows, const Summary& value, const BootstrapSettings& settings,
                             const std::function<void()>& poll) {
  std::vector<std::vector<double>> values(std::size(kTracked));
  std::vector<std::uint8_t> weights(rows.sample().size());
  for (int resample = 0; resample < settings.resamples && !weights.empty(); ++resample) {
    poll();
    draw_weights(settings.seed, static_cast<std::uint32_t>(resample), weights);
    const Summary drawn = rows.summary(weights);
    for (std::size_t m = 0; m < values.size(); ++m)
      if (const double it = kTracked[m].of(drawn); !std::isnan(it)) values[m].push_back(it);
  }
  BootstrapIntervals out;
  for (std::size_t m = 0; m < values.size(); ++m)
    out.*kTracked[m].to = percentile(std::move(values[m]), kTracked[m].of(value), settings);
  return out;
}

}  // namespace assay::classification
