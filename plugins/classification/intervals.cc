// SPDX-License-Identifier: Apache-2.0
// Wilson, DeLong and a seeded Poisson bootstrap.
#include "intervals.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <vector>

#include "delong_steps.h"
#include "philox.h"

namespace assay::classification {
namespace {

constexpr std::size_t kRowsPerPoll = std::size_t{1} << 20;

struct Tracked {
  double (*of)(const Summary&, const Settings&);
  std::optional<Interval> BootstrapIntervals::*to;
};

using S = const Summary&;
using With = const Settings&;
using To = BootstrapIntervals;
constexpr Tracked kTracked[] = {
    {[](S s, With) { return balanced_accuracy(s.counts); }, &To::balanced_accuracy},
    {[](S s, With) { return f_beta(s.counts, 1); }, &To::f1},
    {[](S s, With with) { return f_beta(s.counts, with.beta); }, &To::f_beta},
    {[](S s, With) { return matthews(s.counts); }, &To::matthews},
    {[](S s, With) { return kappa(s.counts); }, &To::kappa},
    {[](S s, With) { return s.ranking.average_precision; }, &To::average_precision},
    {[](S s, With) { return s.ranking.log_loss; }, &To::log_loss},
    {[](S s, With) { return s.ranking.brier; }, &To::brier},
    {[](S s, With) { return s.ranking.calibration_error; }, &To::calibration_error},
    {[](S s, With) { return s.ranking.kolmogorov_smirnov; }, &To::kolmogorov_smirnov},
    {[](S s, With) { return s.ranking.lift; }, &To::lift},
    {[](S s, With) { return s.ranking.recall_at_fpr; }, &To::recall_at_fpr},
    {[](S s, With with) { return expected_cost(s.counts, with); }, &To::expected_cost},
    {[](S s, With with) { return net_benefit(s.counts, with); }, &To::net_benefit},
};

void draw_weights(std::uint64_t seed, std::uint32_t resample, const Poll& poll,
                  std::vector<std::uint8_t>& weights) {
  for (std::size_t i = 0; i < weights.size(); i += 4) {
    if (i % kRowsPerPoll == 0) poll();
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

std::optional<double> delong_variance(const Sample& sample, const Poll& poll) {
  const Classes classes = classes_of(sample);
  if (classes.positives < 2 || classes.negatives < 2) return std::nullopt;
  Moments of_positives, of_negatives;
  for_each_step(sample, classes, poll, [&](const DelongStep& step) {
    of_positives.add(step.of_positive, step.positives);
    of_negatives.add(step.of_negative, step.negatives);
  });
  return of_positives.variance(classes.positives, classes.negatives) / static_cast<double>(classes.positives) +
         of_negatives.variance(classes.negatives, classes.positives) / static_cast<double>(classes.negatives);
}

std::optional<Interval> delong(const Sample& sample, double area, double confidence, const Poll& poll) {
  const auto variance = delong_variance(sample, poll);
  if (!variance) return std::nullopt;
  const double half = normal_quantile(confidence) * std::sqrt(*variance);
  return Interval{std::max(0.0, area - half), std::min(1.0, area + half)};
}

std::vector<std::optional<Interval>> bootstrap(
    std::size_t rows, const std::vector<double>& values, const BootstrapSettings& settings, const Poll& poll,
    const std::function<std::vector<double>(const std::vector<std::uint8_t>& weights)>& of) {
  std::vector<std::vector<double>> drawn(values.size());
  std::vector<std::uint8_t> weights(rows);
  for (int resample = 0; resample < settings.resamples && rows > 0; ++resample) {
    poll();
    draw_weights(settings.seed, static_cast<std::uint32_t>(resample), poll, weights);
    const std::vector<double> answer = of(weights);
    for (std::size_t m = 0; m < drawn.size(); ++m)
      if (!std::isnan(answer[m])) drawn[m].push_back(answer[m]);
  }
  std::vector<std::optional<Interval>> out;
  for (std::size_t m = 0; m < drawn.size(); ++m)
    out.push_back(percentile(std::move(drawn[m]), values[m], settings));
  return out;
}

BootstrapIntervals bootstrap(const Evaluated& rows, const Summary& value, const BootstrapSettings& settings,
                             const Poll& poll) {
  const auto tracked = [&](const Summary& summary) {
    std::vector<double> out;
    for (const Tracked& each : kTracked) out.push_back(each.of(summary, rows.settings()));
    return out;
  };
  const auto intervals =
      bootstrap(rows.sample().size(), tracked(value), settings, poll,
                [&](const std::vector<std::uint8_t>& weights) { return tracked(rows.summary(weights)); });
  BootstrapIntervals out;
  for (std::size_t m = 0; m < intervals.size(); ++m) out.*kTracked[m].to = intervals[m];
  return out;
}

}  // namespace assay::classification
