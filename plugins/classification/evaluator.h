// SPDX-License-Identifier: Apache-2.0
// The evaluator of classifiers: label and score columns in, metrics with confidence intervals out, for all rows
// and for each group. One column of scores is a binary classifier, several are a score a class. With the scores of
// another binary classifier beside them, the rows are differences. The numbers themselves are in metrics.h,
// class_metrics.h, fairness.h, intervals.h and paired.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "assay/plugin.hpp"
#include "class_rows.h"
#include "metrics.h"
#include "paired.h"

namespace assay::classification {

class Evaluator {
 public:
  static constexpr std::string_view id = "classification";
  static constexpr std::string_view capability = ASSAY_CAP_EVALUATOR_V1;

  struct State {
    std::size_t label = 0, score = 0;  // column indices
    std::vector<std::size_t> groups;
    Observations rows;
    std::optional<ClassRows> classes;  // when there are several columns of scores; `rows` is then empty
    std::size_t reference = 0;         // the column of the other model's scores
    std::optional<PairedRows> pairs;   // when there is such a column; `rows` is then empty
  };

  explicit Evaluator(const sdk::Config& config);

  // INVALID_DATA when a role has no column, or a column of a type that cannot play it.
  State begin(sdk::Call call, const sdk::Schema& schema, sdk::Roles roles,
              std::optional<sdk::Source> reference) const;
  // INVALID_DATA naming the row of the first label that is neither 0 nor 1 (or is no class), or of the first
  // score that is not a probability. When it throws, the state is as before.
  void update(sdk::Call call, State& state, const sdk::Batch& batch) const;
  void merge(sdk::Call call, State& into, const State& from) const;
  void save(sdk::Call call, const State& state, sdk::Sink out) const;
  State restore(sdk::Call call, const sdk::Schema& schema, sdk::Roles roles, sdk::Source saved) const;
  std::vector<sdk::Metric> finish(sdk::Call call, const State& state, std::optional<sdk::Sink> extras) const;

 private:
  void update_pairs(sdk::Call call, State& state, const sdk::Batch& batch,
                    const std::vector<sdk::Column>& groups) const;
  std::vector<sdk::Metric> finish_pairs(sdk::Call call, const PairedRows& pairs) const;
  Confusion report(sdk::Call call, const Poll& poll, const Slice& slice, const Evaluated& rows,
                   std::vector<sdk::Metric>& out) const;
  std::vector<sdk::Metric> finish_classes(sdk::Call call, const ClassRows& classes,
                                          std::optional<sdk::Sink> extras) const;

  Settings settings_;
  double confidence_;
  int resamples_;
  std::size_t top_k_;
  std::vector<std::string> classes_;  // what the labels call the columns of scores
};

}  // namespace assay::classification
