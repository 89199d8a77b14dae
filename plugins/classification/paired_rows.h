// SPDX-License-Identifier: Apache-2.0
// What the evaluator keeps of two binary classifiers over the same rows: both scores and the label of every row,
// by the group it belongs to.
#pragma once

#include <array>
#include <bit>
#include <string>
#include <vector>

#include "grouped_rows.h"
#include "observations.h"

namespace assay::classification {

// The candidate's score, then the label above the other model's: each word has the order of what it holds.
using PairWords = std::array<std::uint64_t, 2>;
inline constexpr int kPairLabelBit = 62;  // a score of at most 1 leaves it free
constexpr PairWords pair_of(double score, double reference_score, bool label) {
  const auto bits = [](double of) { return std::bit_cast<std::uint64_t>(of + 0.0); };  // -0 and 0 are one score
  return {bits(score), std::uint64_t{label} << kPairLabelBit | bits(reference_score)};
}

// The same rows in the order of either model's scores.
struct PairedSample {
  Sample candidate, reference;
  std::vector<std::uint32_t> places;  // where in `candidate` the rows of `reference` stand

  std::size_t size() const { return places.size(); }
};

class PairedRows {
 public:
  explicit PairedRows(std::vector<std::string> group_columns = {})
      : rows_(std::move(group_columns), std::tuple_size_v<PairWords>) {}

  const GroupedRows& rows() const { return rows_; }
  // No rows yet, of the same columns.
  GroupedRows none() const { return GroupedRows(rows_.group_columns(), rows_.width()); }
  // As GroupedRows does these.
  void merge(const GroupedRows& from) { rows_.merge(from); }
  void for_each_slice(const Poll& poll,
                      const std::function<void(const std::string& name, const PairedSample&)>& visit) const;

  // Equal bytes for equal rows, however they arrived.
  std::string save(const Poll& poll) const;
  // CORRUPT_ARTIFACT when `bytes` are not what save wrote.
  static PairedRows load(std::string_view bytes, const Poll& poll);

 private:
  GroupedRows rows_;
};

}  // namespace assay::classification
