// SPDX-License-Identifier: Apache-2.0
// How often each text of a column occurs, up to a number of distinct texts that still makes categories of
// them. Past it the column counts as free text: the rows are still counted, the texts are not.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "assay/bytes.hpp"

namespace assay::drift {

inline constexpr std::size_t kMaxCategories = 10'000;
inline constexpr std::size_t kMaxCategoryBytes = std::size_t{4} << 20;  // of all texts of a column

class CategoryCounts {
 public:
  void add(std::string_view text, std::uint64_t rows = 1);
  void merge(const CategoryCounts& from);

  // Empty when there were too many.
  const std::map<std::string, std::uint64_t, std::less<>>& counts() const { return counts_; }
  std::uint64_t total() const { return total_; }
  bool too_many() const { return too_many_; }
  bool operator==(const CategoryCounts&) const = default;

  void save(sdk::ByteWriter& out) const;
  static CategoryCounts load(sdk::ByteReader& in);

 private:
  void give_up();

  std::map<std::string, std::uint64_t, std::less<>> counts_;
  std::size_t bytes_ = 0;
  std::uint64_t total_ = 0;
  bool too_many_ = false;
};

}  // namespace assay::drift
