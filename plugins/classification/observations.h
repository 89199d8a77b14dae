// SPDX-License-Identifier: Apache-2.0
// What the evaluator keeps of the rows: every (score, label) pair by the group it belongs to. Nothing is
// summed before the rows stand in one order, so no result depends on how they arrived.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::classification {

// Twice the product of the class sizes must fit 64 bits.
inline constexpr std::size_t kMaxRows = std::size_t{1} << 31;
// With 24 metrics a slice, this stays below the 10 000 rows that one record of evidence may hold.
inline constexpr std::size_t kMaxSlices = 400;

// Called every few milliseconds of work; throws to stop it.
using Poll = std::function<void()>;

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
  std::string name;  // "carrier=AA"; empty is all rows
  Sample sample;
};

class Observations {
 public:
  // One value ("AA") for each group column.
  using Group = std::vector<std::string>;

  explicit Observations(std::vector<std::string> group_columns = {});

  std::size_t rows() const { return rows_; }
  const std::vector<std::string>& group_columns() const { return group_columns_; }

  // `score` is within [0, 1].
  void add(double score, bool label, std::span<const std::string_view> group);
  // Rows of one group.
  void add(std::span<const Row> rows, std::span<const std::string_view> group);
  // Adds what `from` saw, or nothing if it throws: INVALID_ARGUMENT when it was grouped by other columns,
  // UNSUPPORTED past kMaxRows, INVALID_DATA past kMaxSlices values in all.
  void merge(const Observations& from);

  // All rows, then a slice for each value of each group column, in the order of columns and then of names,
  // one at a time.
  void for_each_slice(const Poll& poll, const std::function<void(const Slice&)>& visit) const;

  // Equal bytes for equal rows, however they arrived.
  std::string save(const Poll& poll) const;
  // CORRUPT_ARTIFACT when `bytes` are not what save wrote.
  static Observations load(std::string_view bytes, const Poll& poll);

 private:
  struct Before {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
    }
  };

  // Throws when both together pass a limit.
  void require_room_for(const Observations& from) const;
  std::vector<Row>& rows_of(std::span<const std::string_view> group);

  std::vector<std::string> group_columns_;
  std::map<Group, std::vector<Row>, Before> groups_;
  std::size_t rows_ = 0;
};

}  // namespace assay::classification
