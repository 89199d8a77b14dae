// SPDX-License-Identifier: Apache-2.0
// The metrics of a classifier of several classes, each by scikit-learn's definition, ties and classes that do
// not occur included. README.md has the formulas. A metric that is not defined for the rows is NaN.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "observations.h"

namespace assay::classification {

// The confusion matrix of a run of this many classes goes to the metric table whole: 32^2 rows. It and the
// rows of each class stay below what kMaxSlices leaves of a record of evidence.
inline constexpr std::size_t kMaxClassesInMatrix = 32;
inline constexpr std::size_t kMaxClasses = 256;

// One class against the rest.
struct OfClass {
  std::int64_t rows = 0, predicted = 0, found = 0;
  double precision = 0, recall = 0, f1 = 0, roc_auc = 0;
};

struct Averages {
  double precision = 0, recall = 0, f1 = 0;
};

// What weighted rows add up to.
class ClassSummary {
 public:
  explicit ClassSummary(std::size_t classes)
      : classes_(classes), confusion_(classes * classes), twice_wins_(classes * classes) {}

  std::size_t classes() const { return classes_; }
  std::int64_t& confusion(std::size_t label, std::size_t predicted) {
    return confusion_[label * classes_ + predicted];
  }
  std::int64_t confusion(std::size_t label, std::size_t predicted) const {
    return confusion_[label * classes_ + predicted];
  }
  // Of the pairs of a row of class `one` and a row of class `other`, twice those in which the former has the
  // higher score of class `one`; ties count once.
  std::int64_t& twice_wins(std::size_t one, std::size_t other) { return twice_wins_[one * classes_ + other]; }
  std::int64_t twice_wins(std::size_t one, std::size_t other) const {
    return twice_wins_[one * classes_ + other];
  }

  std::int64_t rows() const;
  std::int64_t correct() const;
  std::vector<OfClass> of_classes() const;

  double accuracy() const;
  // The mean recall of the classes that occur.
  double balanced_accuracy() const;
  double matthews() const;
  // NaN where one class occurs and is all that is predicted.
  double kappa() const;
  // Over the classes that occur among labels or predictions.
  Averages macro() const;
  // Weighted by how often a class occurs among the labels.
  Averages weighted() const;
  // Each class against the rest; NaN where a class is none of the rows (unless weighted by it), or all.
  double roc_auc_ovr(bool weighted) const;
  // Each class against each, of those that occur; a pair's weight is its share of the rows. NaN without a pair.
  double roc_auc_ovo(bool weighted) const;

  std::int64_t in_top_k = 0;
  double log_loss = 0, brier = 0;

 private:
  std::size_t classes_;
  std::vector<std::int64_t> confusion_, twice_wins_;
};

// Rows in their order, with all that does not change when they are weighted differently. Each row is the bits
// of a score from 0 to 1 for every class, then the label.
class ClassEvaluated {
 public:
  ClassEvaluated(const Words& rows, std::size_t classes, std::size_t top_k, const Poll& poll);

  std::size_t rows() const { return labels_.size(); }
  std::size_t classes() const { return classes_; }
  ClassSummary summary() const;
  // The summary in which row i occurs weights[i] times. Summation is not compensated.
  ClassSummary summary(const std::vector<std::uint8_t>& weights) const;
  // One class against the rest, its scores by their ranks: all that an area and its variance depend on.
  Sample against_rest(std::size_t of) const;

 private:
  template <class Sum, class Weight>
  ClassSummary sweep(Weight weight) const;
  template <class Weight>
  void add_ranking(std::size_t of, Weight weight, ClassSummary& out) const;

  std::size_t classes_;
  const Poll& poll_;
  std::vector<std::uint8_t> labels_, predicted_, in_top_k_;
  std::vector<double> log_losses_, briers_;
  std::vector<std::vector<std::uint32_t>> orders_;  // of rows, by ascending score of a class
};

}  // namespace assay::classification
