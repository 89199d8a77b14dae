// SPDX-License-Identifier: Apache-2.0
// What a drift detector remembers of a table: for each column how many rows, how many missing, and how often
// which value occurs. Everything is counted, so adding two profiles is exact and has no order.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "assay/batch.hpp"
#include "category_counts.h"
#include "distances.h"
#include "grid.h"
#include "value_counts.h"

namespace assay::drift {

using Poll = std::function<void()>;

enum class Kind : std::uint8_t { numeric, categorical, unreadable };
enum class Part : std::uint8_t { feature, label, time, score };

std::string_view kind_name(Kind kind);

struct ColumnProfile {
  std::string name;
  Kind kind = Kind::numeric;
  Part part = Part::feature;
  std::uint64_t missing = 0;  // null, NaN or infinite
  ValueCounts values;         // of a numeric column: the finite ones
  CategoryCounts categories;  // of a categorical column; booleans are "false" and "true"

  explicit ColumnProfile(std::size_t limit) : values(limit) {}
  // Rows that are not missing.
  std::uint64_t present() const { return kind == Kind::numeric ? values.total() : categories.total(); }
  bool operator==(const ColumnProfile&) const = default;
};

struct Profile {
  std::uint64_t rows = 0;
  std::vector<ColumnProfile> columns;

  // Null when there is no such column.
  const ColumnProfile* find(std::string_view name) const;
  bool operator==(const Profile&) const = default;
};

// The rows to compare with, and the bins that they give. Shared by all windows that are compared with them;
// never changes.
struct Reference {
  Profile profile;
  std::vector<Grid> grids;      // one a column; a single bin unless it is numeric
  std::vector<Spread> spreads;  // likewise

  explicit Reference(Profile known);
};

// A window of rows, and the reference that it is counted against, if any.
class Window {
 public:
  // `counted` gives the columns and what was counted of them already, none of it by the reference's bins.
  Window(Profile counted, std::shared_ptr<const Reference> reference);

  const Profile& profile() const { return profile_; }
  const std::shared_ptr<const Reference>& reference() const { return reference_; }
  // The rows of column `i` by the bins of the reference's column of that name; empty without one of the same
  // kind.
  const Counts& counters(std::size_t i) const { return counters_[i]; }

  // The state is as before when `poll`, which is called every few milliseconds, throws.
  void update(const sdk::Batch& batch, const Poll& poll);
  // INVALID_ARGUMENT when the columns or the references differ.
  void merge(const Window& from);

  std::string save() const;
  // CORRUPT_ARTIFACT when `bytes` are not what save wrote. At most `limit` distinct values a column are kept.
  static Window load(std::string_view bytes, std::size_t limit);
  // The profile alone: what a saved window is as the reference of another.
  static Profile load_profile(std::string_view bytes, std::size_t limit);

  // INVALID_ARGUMENT when another window's columns are not these.
  void require_same_columns(const Profile& other) const;

 private:
  void count(const sdk::Batch& batch, const Poll& poll);
  void count_numbers(std::size_t i, const sdk::Column& column, const Poll& poll);
  void count_categories(std::size_t i, const sdk::Column& column, const Poll& poll);

  Profile profile_;
  std::shared_ptr<const Reference> reference_;
  std::vector<const Grid*> grids_;  // into *reference_, or null
  std::vector<Counts> counters_;
};

}  // namespace assay::drift
