// SPDX-License-Identifier: Apache-2.0
// One pass over the rows, then one over each class's order gives every number behind the metrics.
#include "class_metrics.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "assay/numbers.hpp"
#include "order.h"

namespace assay::classification {
namespace {

constexpr std::size_t kRowsPerPoll = std::size_t{1} << 18;
constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

double ratio(double part, double whole) {
  return whole == 0 ? 0.0 : part / whole;
}

struct PlainSum {
  double total = 0;
  void add(double value) { total += value; }
  double value() const { return total; }
};

// A label's place in a row that is ranked by score: among equal scores, the last class is first.
std::size_t rank_of(std::span<const std::uint64_t> scores, std::size_t label) {
  std::size_t before = 0;
  for (std::size_t c = 0; c < scores.size(); ++c)
    before += scores[c] > scores[label] || (scores[c] == scores[label] && c > label) ? 1 : 0;
  return before;
}

}  // namespace

std::int64_t ClassSummary::rows() const {
  std::int64_t sum = 0;
  for (const std::int64_t cell : confusion_) sum += cell;
  return sum;
}

std::int64_t ClassSummary::correct() const {
  std::int64_t sum = 0;
  for (std::size_t c = 0; c < classes_; ++c) sum += confusion(c, c);
  return sum;
}

std::vector<OfClass> ClassSummary::of_classes() const {
  std::vector<OfClass> out(classes_);
  const std::int64_t all = rows();
  for (std::size_t c = 0; c < classes_; ++c) {
    OfClass& it = out[c];
    std::int64_t wins = 0;
    for (std::size_t other = 0; other < classes_; ++other) {
      it.rows += confusion(c, other);
      it.predicted += confusion(other, c);
      wins += twice_wins(c, other);
    }
    it.found = confusion(c, c);
    const auto found = static_cast<double>(it.found), of = static_cast<double>(it.rows),
               predicted = static_cast<double>(it.predicted);
    it.precision = all == 0 ? kUndefined : ratio(found, predicted);
    it.recall = all == 0 ? kUndefined : ratio(found, of);
    it.f1 = all == 0 ? kUndefined : ratio(2 * found, of + predicted);
    const double twice_pairs = 2 * of * static_cast<double>(all - it.rows);
    it.roc_auc = twice_pairs == 0 ? kUndefined : static_cast<double>(wins) / twice_pairs;
  }
  return out;
}

double ClassSummary::accuracy() const {
  return static_cast<double>(correct()) / static_cast<double>(rows());
}

double ClassSummary::balanced_accuracy() const {
  double sum = 0, occurring = 0;
  for (const OfClass& it : of_classes()) {
    if (it.rows == 0) continue;
    sum += it.recall;
    ++occurring;
  }
  return sum / occurring;
}

double ClassSummary::matthews() const {
  const auto all = static_cast<double>(rows());
  if (all == 0) return kUndefined;
  // Of labels with predictions, and of each with itself; whole numbers, so that no difference is rounded.
  std::int64_t together = correct() * rows(), labels = rows() * rows(), predictions = labels;
  for (const OfClass& it : of_classes()) {
    together -= it.rows * it.predicted;
    labels -= it.rows * it.rows;
    predictions -= it.predicted * it.predicted;
  }
  if (labels == 0 || predictions == 0) return 0.0;
  return static_cast<double>(together) /
         (std::sqrt(static_cast<double>(labels)) * std::sqrt(static_cast<double>(predictions)));
}

double ClassSummary::kappa() const {
  // Disagreement as it is and as chance alone makes it, both times the number of rows.
  std::int64_t by_chance = rows() * rows();
  for (const OfClass& it : of_classes()) by_chance -= it.rows * it.predicted;
  if (by_chance == 0) return kUndefined;
  const std::int64_t found = (rows() - correct()) * rows();
  return static_cast<double>(by_chance - found) / static_cast<double>(by_chance);
}

Averages ClassSummary::macro() const {
  Averages out;
  double occurring = 0;
  for (const OfClass& it : of_classes()) {
    if (it.rows == 0 && it.predicted == 0) continue;
    out.precision += it.precision;
    out.recall += it.recall;
    out.f1 += it.f1;
    ++occurring;
  }
  return {out.precision / occurring, out.recall / occurring, out.f1 / occurring};
}

Averages ClassSummary::weighted() const {
  Averages out;
  const auto all = static_cast<double>(rows());
  for (const OfClass& it : of_classes()) {
    out.precision += it.precision * static_cast<double>(it.rows);
    out.f1 += it.f1 * static_cast<double>(it.rows);
  }
  return {out.precision / all, accuracy(), out.f1 / all};
}

double ClassSummary::roc_auc_ovr(bool weighted) const {
  const auto all = static_cast<double>(rows());
  double sum = 0;
  for (const OfClass& it : of_classes())
    if (const auto of = static_cast<double>(it.rows); !weighted || of > 0) sum += (weighted ? of : 1) * it.roc_auc;
  return sum / (weighted ? all : static_cast<double>(classes_));
}

double ClassSummary::roc_auc_ovo(bool weighted) const {
  const std::vector<OfClass> classes = of_classes();
  double sum = 0, weights = 0;
  for (std::size_t a = 0; a < classes_; ++a)
    for (std::size_t b = a + 1; b < classes_; ++b) {
      if (classes[a].rows == 0 || classes[b].rows == 0) continue;
      const double pairs = static_cast<double>(classes[a].rows) * static_cast<double>(classes[b].rows);
      const double area = (static_cast<double>(twice_wins(a, b)) + static_cast<double>(twice_wins(b, a))) / (4 * pairs);
      const double weight = weighted ? static_cast<double>(classes[a].rows + classes[b].rows) : 1;
      sum += weight * area;
      weights += weight;
    }
  return sum / weights;
}

ClassEvaluated::ClassEvaluated(const Words& rows, std::size_t classes, std::size_t top_k, const Poll& poll)
    : classes_(classes), poll_(poll) {
  constexpr double epsilon = std::numeric_limits<double>::epsilon();
  const std::size_t width = classes + 1, count = rows.size() / width;
  for (auto* bytes : {&labels_, &predicted_, &in_top_k_}) bytes->resize(count);
  log_losses_.resize(count);
  briers_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (i % (kRowsPerPoll / classes) == 0) poll();
    const std::span scores(rows.data() + i * width, classes);
    const auto label = static_cast<std::uint8_t>(rows[i * width + classes]);
    std::size_t best = 0;
    double squares = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      if (scores[c] > scores[best]) best = c;
      const double error = std::bit_cast<double>(scores[c]) - (c == label ? 1.0 : 0.0);
      squares += error * error;
    }
    labels_[i] = label;
    predicted_[i] = static_cast<std::uint8_t>(best);
    in_top_k_[i] = rank_of(scores, label) < top_k ? 1 : 0;
    log_losses_[i] = -std::log(std::clamp(std::bit_cast<double>(scores[label]), epsilon, 1 - epsilon));
    briers_[i] = classes == 2 ? squares / 2 : squares;
  }
  Words spare;
  for (std::size_t c = 0; c < classes; ++c) orders_.push_back(order_by(rows, width, c, spare, poll));
}

Sample ClassEvaluated::against_rest(std::size_t of) const {
  Sample out;
  out.scores.reserve(rows());
  out.labels.reserve(rows());
  double rank = 0;
  for (const std::uint32_t entry : orders_[of]) {
    out.scores.push_back(rank);
    out.labels.push_back(labels_[entry & ~kTiedWithNext] == of ? 1 : 0);
    if ((entry & kTiedWithNext) == 0) ++rank;
  }
  return out;
}

// From the lowest score up. Rows of equal score form one step.
template <class Weight>
void ClassEvaluated::add_ranking(std::size_t of, Weight weight, ClassSummary& out) const {
  const std::vector<std::uint32_t>& order = orders_[of];
  std::int64_t above = 0;  // rows of the class that have not been passed
  for (std::size_t c = 0; c < classes_; ++c) above += out.confusion(of, c);
  for (std::size_t first = 0, end = 0, next_poll = 0; first < order.size(); first = end) {
    if (first >= next_poll) {
      poll_();
      next_poll = first + kRowsPerPoll;
    }
    std::int64_t step = 0;
    bool more = true;
    for (end = first; more; ++end) {
      const std::uint32_t row = order[end] & ~kTiedWithNext;
      more = row != order[end];
      if (labels_[row] == of) step += weight(row);
    }
    above -= step;
    const std::int64_t twice = 2 * above + step;
    for (std::size_t i = first; i < end; ++i) {
      const std::uint32_t row = order[i] & ~kTiedWithNext;
      if (labels_[row] != of) out.twice_wins(of, labels_[row]) += weight(row) * twice;
    }
  }
}

template <class Sum, class Weight>
ClassSummary ClassEvaluated::sweep(Weight weight) const {
  ClassSummary out(classes_);
  Sum log_loss, brier;
  for (std::size_t i = 0; i < rows(); ++i) {
    if (i % kRowsPerPoll == 0) poll_();
    const std::int64_t count = weight(i);
    const auto w = static_cast<double>(count);
    out.confusion(labels_[i], predicted_[i]) += count;
    out.in_top_k += count * in_top_k_[i];
    log_loss.add(w * log_losses_[i]);
    brier.add(w * briers_[i]);
  }
  const auto all = static_cast<double>(out.rows());
  out.log_loss = log_loss.value() / all;
  out.brier = brier.value() / all;
  for (std::size_t c = 0; c < classes_; ++c) add_ranking(c, weight, out);
  return out;
}

ClassSummary ClassEvaluated::summary() const {
  return sweep<sdk::ExactSum>([](std::size_t) { return std::int64_t{1}; });
}

ClassSummary ClassEvaluated::summary(const std::vector<std::uint8_t>& weights) const {
  return sweep<PlainSum>([&](std::size_t i) { return std::int64_t{weights[i]}; });
}

}  // namespace assay::classification
