// SPDX-License-Identifier: Apache-2.0
// What the evaluator keeps of the rows: every (score, label) pair and the groups it belongs to. Nothing is
// summed before all rows stand in one order, so no result depends on how they arrived.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::classification {

// Row numbers take 32 bits, and twice the product of the class sizes must fit 64.
inline constexpr std::size_t kMaxRows = std::size_t{1} << 31;
// With some 20 metrics a slice, this stays below the 10 000 rows that one record of evidence may hold.
inline constexpr std::size_t kMaxSlices = 500;

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
  explicit Observations(std::vector<std::string> group_columns = {});

  std::size_t rows() const { return scores_.size(); }
  const std::vector<std::string>& group_columns() const { return group_columns_; }

  // `score` is within [0, 1]; `groups` holds one value ("AA") for each group column. UNSUPPORTED past
  // kMaxRows, INVALID_DATA past kMaxSlices values in all.
  void add(double score, bool label, std::span<const std::string_view> groups);
  // Adds what `from` saw. INVALID_ARGUMENT when it was grouped by other columns.
  void merge(const Observations& from);

  // All rows, then a slice for each value of each group column, in the order of columns and then of names.
  std::vector<Slice> slices() const;

  // Equal bytes for equal rows, however they arrived.
  std::string save() const;
  // CORRUPT_ARTIFACT when `bytes` are not what save wrote.
  static Observations load(std::string_view bytes);

 private:
  struct Group {
    std::map<std::string, std::uint32_t, std::less<>> ids;
    std::vector<std::string> names;      // by id
    std::vector<std::uint32_t> of_rows;  // ids
  };

  std::uint32_t id_of(std::size_t column, std::string_view name);
  std::vector<std::uint32_t> sorted() const;
  bool before(std::uint32_t a, std::uint32_t b) const;

  std::vector<std::string> group_columns_;
  std::vector<Group> groups_;
  std::size_t slices_ = 0;
  std::vector<double> scores_;
  std::vector<std::uint8_t> labels_;
};

}  // namespace assay::classification
