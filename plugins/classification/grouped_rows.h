// SPDX-License-Identifier: Apache-2.0
// What a fold keeps of its rows: every row, as a few words, by the group it belongs to. Nothing is summed
// before the rows stand in one order, so no result depends on how they arrived.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "assay/bytes.hpp"

namespace assay::classification {

// Twice the product of the class sizes must fit 64 bits.
inline constexpr std::size_t kMaxRows = std::size_t{1} << 31;
// With 24 metrics a slice, and 4 a group column that has two values, this stays below the 10 000 rows that one
// record of evidence may hold.
inline constexpr std::size_t kMaxSlices = 380;

// Called every few milliseconds of work; throws to stop it.
using Poll = std::function<void()>;

// Row after row.
using Words = std::vector<std::uint64_t>;

class GroupedRows {
 public:
  // One value ("AA") for each group column.
  using Group = std::vector<std::string>;

  // Of `width` words a row.
  explicit GroupedRows(std::vector<std::string> group_columns = {}, std::size_t width = 1);

  std::size_t rows() const { return rows_; }
  std::size_t width() const { return width_; }
  const std::vector<std::string>& group_columns() const { return group_columns_; }

  // Whole rows of one group.
  void add(std::span<const std::uint64_t> words, std::span<const std::string_view> group);
  // Adds what `from` saw, or nothing if it throws: INVALID_ARGUMENT when it was grouped by other columns or
  // has rows of another width, UNSUPPORTED past kMaxRows, INVALID_DATA past kMaxSlices values in all.
  void merge(const GroupedRows& from);

  // All rows (`column` is empty), then those of each value of each group column, in the order of columns and
  // then of names, one at a time. The rows stand in an order that depends on nothing but the rows.
  using Visit = std::function<void(std::string_view column, const std::string& name, const Words& rows)>;
  void for_each_slice(const Poll& poll, const Visit& visit) const;

  // Equal bytes for equal rows, however they arrived.
  void save(sdk::ByteWriter& out, const Poll& poll) const;
  // CORRUPT_ARTIFACT when that is not what save wrote; `check` may throw it too, given the rows of a group.
  static GroupedRows load(sdk::ByteReader& in, std::size_t width, const Poll& poll,
                          const std::function<void(std::span<const std::uint64_t>)>& check);

 private:
  struct Before {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
    }
  };

  // Throws when both together pass a limit.
  void require_room_for(const GroupedRows& from) const;
  Words& rows_of(std::span<const std::string_view> group);

  std::vector<std::string> group_columns_;
  std::size_t width_;
  std::map<Group, Words, Before> groups_;
  std::size_t rows_ = 0;
};

}  // namespace assay::classification
