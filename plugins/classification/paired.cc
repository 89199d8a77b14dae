// SPDX-License-Identifier: Apache-2.0
// DeLong's paired test, McNemar's with Tango's interval around it, and the bootstrap with one weight for a row.
#include "paired.h"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <numeric>

#include "delong_steps.h"
#include "metric_rows.h"

namespace assay::classification {
namespace {

struct Tested {
  const char* name;
  bool higher_is_better;
  double (*of)(const Summary&, const Settings&);
};

using S = const Summary&;
using With = const Settings&;
constexpr Tested kTested[] = {
    {"accuracy:paired_bootstrap", true, [](S s, With) { return accuracy(s.counts); }},
    {"balanced_accuracy:paired_bootstrap", true, [](S s, With) { return balanced_accuracy(s.counts); }},
    {"precision:paired_bootstrap", true, [](S s, With) { return precision(s.counts); }},
    {"recall:paired_bootstrap", true, [](S s, With) { return recall(s.counts); }},
    {"f1:paired_bootstrap", true, [](S s, With) { return f_beta(s.counts, 1); }},
    {"f_beta:paired_bootstrap", true, [](S s, With with) { return f_beta(s.counts, with.beta); }},
    {"mcc:paired_bootstrap", true, [](S s, With) { return matthews(s.counts); }},
    {"kappa:paired_bootstrap", true, [](S s, With) { return kappa(s.counts); }},
    {"roc_auc:paired_bootstrap", true, [](S s, With) { return s.ranking.roc_auc; }},
    {"pr_auc:paired_bootstrap", true, [](S s, With) { return s.ranking.average_precision; }},
    {"log_loss:paired_bootstrap", false, [](S s, With) { return s.ranking.log_loss; }},
    {"brier:paired_bootstrap", false, [](S s, With) { return s.ranking.brier; }},
    {"ece:paired_bootstrap", false, [](S s, With) { return s.ranking.calibration_error; }},
    {"ks:paired_bootstrap", true, [](S s, With) { return s.ranking.kolmogorov_smirnov; }},
    {"lift:paired_bootstrap", true, [](S s, With) { return s.ranking.lift; }},
    {"recall_at_fpr:paired_bootstrap", true, [](S s, With) { return s.ranking.recall_at_fpr; }},
    {"expected_cost:paired_bootstrap", false, [](S s, With with) { return expected_cost(s.counts, with); }},
    {"net_benefit:paired_bootstrap", true, [](S s, With with) { return net_benefit(s.counts, with); }},
};

std::vector<double> differences(const Summary& candidate, const Summary& reference, const Settings& settings) {
  std::vector<double> out;
  for (const Tested& each : kTested) out.push_back(each.of(candidate, settings) - each.of(reference, settings));
  return out;
}

// Each row's number of DelongStep, at place(i).
template <class Place>
std::vector<std::int64_t> components(const Sample& sample, const Classes& classes, const Poll& poll, Place place) {
  std::vector<std::int64_t> out(sample.size());
  for_each_step(sample, classes, poll, [&](const DelongStep& step) {
    for (std::size_t i = step.begin; i < step.end; ++i)
      out[place(i)] = sample.labels[i] != 0 ? step.of_positive : step.of_negative;
  });
  return out;
}

// Tango's score statistic: how many standard errors the difference lies above `delta`, with the most likely shares
// of discordant rows under that `delta`. At 0 it is McNemar's.
double tango_score(const Discordant& counts, double rows, double delta) {
  const auto b = static_cast<double>(counts.candidate_right), c = static_cast<double>(counts.reference_right);
  const double linear = (2 * rows - b + c) * delta - b - c, constant = -c * delta * (1 - delta);
  const double root = std::sqrt(std::max(0.0, linear * linear - 8 * rows * constant));
  const double share = linear > 0 ? -2 * constant / (linear + root) : (root - linear) / (4 * rows);
  return (b - c - rows * delta) / std::sqrt(rows * (2 * share + delta * (1 - delta)));
}

// Where between `inside` and `outside` a score ends to be within what is not rejected.
template <class Within>
double end_of(double inside, double outside, Within within) {
  for (double middle = std::midpoint(inside, outside); middle != inside && middle != outside;
       middle = std::midpoint(inside, outside))
    (within(middle) ? inside : outside) = middle;
  return outside;
}

Interval tango(const Discordant& counts, double rows, double confidence) {
  const double z = normal_quantile(confidence);
  const double at = static_cast<double>(counts.candidate_right - counts.reference_right) / rows;
  return {end_of(at, -1, [&](double delta) { return tango_score(counts, rows, delta) <= z; }),
          end_of(at, 1, [&](double delta) { return tango_score(counts, rows, delta) >= -z; })};
}

// Clopper and Pearson's interval of the candidate's share among discordant rows, as a difference.
Interval exact(const Discordant& counts, double rows, double confidence) {
  const auto b = static_cast<double>(counts.candidate_right), c = static_cast<double>(counts.reference_right);
  const double tail = (1 - confidence) / 2;
  const double low = b == 0 ? 0 : boost::math::ibeta_inv(b, c + 1, tail);
  const double high = c == 0 ? 1 : boost::math::ibetac_inv(b + 1, c, tail);
  const double share = (b + c) / rows;
  return {(2 * low - 1) * share, (2 * high - 1) * share};
}

std::optional<Interval> delong(const PairedSample& sample, double difference, double confidence, const Poll& poll) {
  const auto variance = delong_variance(sample, poll);
  if (!variance) return std::nullopt;
  const double half = normal_quantile(confidence) * std::sqrt(*variance);
  return Interval{std::max(-1.0, difference - half), std::min(1.0, difference + half)};
}

}  // namespace

std::optional<double> delong_variance(const PairedSample& sample, const Poll& poll) {
  const Classes classes = classes_of(sample.candidate);
  if (classes.positives < 2 || classes.negatives < 2) return std::nullopt;
  const auto candidate = components(sample.candidate, classes, poll, [](std::size_t i) { return i; });
  const auto reference =
      components(sample.reference, classes, poll, [&](std::size_t i) { return std::size_t{sample.places[i]}; });
  Moments of_positives, of_negatives;
  for (std::size_t i = 0; i < candidate.size(); ++i)
    (sample.candidate.labels[i] != 0 ? of_positives : of_negatives).add(candidate[i] - reference[i], 1);
  return of_positives.variance(classes.positives, classes.negatives) / static_cast<double>(classes.positives) +
         of_negatives.variance(classes.negatives, classes.positives) / static_cast<double>(classes.negatives);
}

Discordant discordant(const PairedSample& sample, double threshold) {
  Discordant out;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const bool candidate = sample.candidate.scores[sample.places[i]] >= threshold;
    const bool reference = sample.reference.scores[i] >= threshold;
    if (candidate == reference) continue;
    ++(candidate == (sample.reference.labels[i] != 0) ? out.candidate_right : out.reference_right);
  }
  return out;
}

std::optional<Interval> mcnemar(const Discordant& counts, std::int64_t rows, double confidence) {
  if (rows == 0) return std::nullopt;
  const auto n = static_cast<double>(rows);
  Interval out = tango(counts, n, confidence);
  if (counts.rows() > 0 && counts.rows() < kExactBelow) {
    const Interval also = exact(counts, n, confidence);
    out = {std::min(out.low, also.low), std::max(out.high, also.high)};
  }
  return out;
}

void report_pair(const PairedSample& sample, const std::string& slice, const Settings& settings,
                 const BootstrapSettings& resampling, const Poll& poll, std::vector<sdk::Metric>& out) {
  const Evaluated candidate(sample.candidate, settings, poll), reference(sample.reference, settings, poll);
  const Summary own = candidate.summary(), other = reference.summary();
  const std::vector<double> values = differences(own, other, settings);
  std::vector<std::uint8_t> moved(sample.size());
  const auto intervals =
      bootstrap(sample.size(), values, resampling, poll, [&](const std::vector<std::uint8_t>& weights) {
        for (std::size_t i = 0; i < moved.size(); ++i) moved[i] = weights[sample.places[i]];
        return differences(candidate.summary(weights), reference.summary(moved), settings);
      });

  MetricRows add(slice, sample.size(), out);
  const double area = own.ranking.roc_auc - other.ranking.roc_auc;
  add.higher("roc_auc:delong", area, delong(sample, area, resampling.confidence, poll));
  add.higher("accuracy:mcnemar", accuracy(own.counts) - accuracy(other.counts),
             mcnemar(discordant(sample, settings.threshold), own.counts.rows(), resampling.confidence));
  for (std::size_t i = 0; i < std::size(kTested); ++i)
    kTested[i].higher_is_better ? add.higher(kTested[i].name, values[i], intervals[i])
                                : add.lower(kTested[i].name, values[i], intervals[i]);
}

}  // namespace assay::classification
