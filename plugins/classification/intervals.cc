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

// Sums of whole numbers and their squares. With at most 2^31 rows a number is below 2^32, the sum of squares
// times the number of rows below 2^126.
struct Moments {
  __extension__ using Wide = __int128;
  Wide sum = 0, squares = 0;

  void add(std::int64_t value, std::int64_t times) {
    sum += value * times;
    squares += Wide{value * times} * value;
  }
  // Of the numbers divided by twice `scale`.
  double variance(std::int64_t count, std::int64_t scale) const {
    const auto numerator = static_cast<double>(Wide{count} * squares - sum * sum);
    const double n = static_cast<double>(count), unit = 2 * static_cast<double>(scale);
    return numerator / n / (n - 1) / unit / unit;
  }
};

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
// negative, the share of positives above it. Twice their distance from 1/2, times the number of the other
// class, is a whole number, so the sums are exact: a perfect ranking has variance 0 and no sum cancels.
std::optional<double> delong_variance(const Sample& sample, const Poll& poll) {
  std::int64_t positives = 0;
  for (const std::uint8_t label : sample.labels) positives += label;
  const std::int64_t negatives = static_cast<std::int64_t>(sample.size()) - positives;
  if (positives < 2 || negatives < 2) return std::nullopt;

  Moments of_positives, of_negatives;
  std::int64_t below_p = 0, below_n = 0;
  for (std::size_t begin = 0, end = 0, next_poll = 0; begin < sample.size(); begin = end) {
    if (begin >= next_poll) {
      poll();
      next_poll = begin + kRowsPerPoll;
    }
    std::int64_t step_p = 0;
    for (end = begin; end < sample.size() && sample.scores[end] == sample.scores[begin]; ++end)
      step_p += sample.labels[end];
    const std::int64_t step_n = static_cast<std::int64_t>(end - begin) - step_p;
    of_positives.add(2 * below_n + step_n - negatives, step_p);
    of_negatives.add(positives - 2 * below_p - step_p, step_n);
    below_p += step_p;
    below_n += step_n;
  }
  return of_positives.variance(positives, negatives) / static_cast<double>(positives) +
         of_negatives.variance(negatives, positives) / static_cast<double>(negatives);
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
