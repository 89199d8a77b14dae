// SPDX-License-Identifier: Apache-2.0
// What the evaluator keeps of a classifier of several classes: the score of every class and the label of every
// row, by the group it belongs to.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "assay/plugin.hpp"
#include "grouped_rows.h"

namespace assay::classification {

class ClassRows {
 public:
  // Score columns in the order of the classes. `names` are what the labels call these; when there are none,
  // a text label names score columns, and a number counts them from 0. INVALID_CONFIG when the names do not
  // fit the columns.
  ClassRows(const sdk::Schema& schema, std::size_t label, std::vector<std::size_t> scores,
            std::vector<std::string> names, std::vector<std::string> group_columns);

  const std::vector<std::string>& classes() const { return classes_; }
  const std::string& label_name() const { return label_name_; }
  const GroupedRows& rows() const { return rows_; }

  // Rows `first` to `first + count` of the batch, in the form that ClassEvaluated takes. INVALID_DATA naming the
  // first row of a label that is no class or of scores that are no probabilities; `seen` rows came before the
  // batch.
  Words read(const sdk::Batch& batch, std::int64_t first, std::int64_t count, std::int64_t seen) const;
  // No rows yet, of the same columns.
  GroupedRows none() const { return GroupedRows(rows_.group_columns(), rows_.width()); }
  void merge(const GroupedRows& from) { rows_.merge(from); }
  // INVALID_ARGUMENT when `from` has other classes or groups.
  void merge(const ClassRows& from);

  std::string save(const Poll& poll) const;
  // Takes the rows that were saved with these classes and groups. CORRUPT_ARTIFACT when `bytes` are not what
  // save wrote.
  void load(std::string_view bytes, const Poll& poll);

 private:
  void require_same(const std::vector<std::string>& classes, const GroupedRows& rows) const;
  // The class, or kMaxClasses.
  std::size_t class_of(const sdk::Column& labels, std::int64_t row) const;
  sdk::Error no_class(const sdk::Column& labels, std::int64_t row, std::int64_t seen) const;

  std::string label_name_;
  std::size_t label_;
  std::vector<std::size_t> scores_;
  std::vector<std::string> classes_;
  std::map<std::string, std::size_t, std::less<>> by_text_;
  std::map<double, std::size_t> by_number_;
  GroupedRows rows_;
};

}  // namespace assay::classification
