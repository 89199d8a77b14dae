// SPDX-License-Identifier: Apache-2.0
// What the evaluator keeps of a binary classifier: every (score, label) pair by the group it belongs to.
#pragma once

#include <bit>
#include <string>
#include <vector>

#include "grouped_rows.h"

namespace assay::classification {

// A row as one integer: a score from 0 to 1 has its order as bits, then the label. Ascending rows stand in the
// order that every metric reads: by score, negatives first among equals.
using Row = std::uint64_t;
inline Row row_of(double score, bool label) {
  return std::bit_cast<std::uint64_t>(score + 0.0) << 1 | (label ? 1u : 0u);  // -0 and 0 are one score
}
inline double score_of(Row row) {
  return std::bit_cast<double>(row >> 1);
}

// Scores in ascending order, negatives first among equals.
struct Sample {
  std::vector<double> scores;
  std::vector<std::uint8_t> labels;

  std::size_t size() const { return scores.size(); }
};

struct Slice {
  std::string column;  // of the group; empty is all rows
  std::string name;    // "carrier=AA"; empty is all rows
  Sample sample;
};

class Observations {
 public:
  explicit Observations(std::vector<std::string> group_columns = {}) : rows_(std::move(group_columns)) {}

  std::size_t rows() const { return rows_.rows(); }
  const std::vector<std::string>& group_columns() const { return rows_.group_columns(); }

  // `score` is within [0, 1].
  void add(double score, bool label, std::span<const std::string_view> group);
  // Rows of one group.
  void add(std::span<const Row> rows, std::span<const std::string_view> group) { rows_.add(rows, group); }
  // As GroupedRows does these.
  void merge(const Observations& from) { rows_.merge(from.rows_); }
  void for_each_slice(const Poll& poll, const std::function<void(const Slice&)>& visit) const;

  // Equal bytes for equal rows, however they arrived.
  std::string save(const Poll& poll) const;
  // CORRUPT_ARTIFACT when `bytes` are not what save wrote.
  static Observations load(std::string_view bytes, const Poll& poll);

 private:
  GroupedRows rows_;
};

}  // namespace assay::classification
