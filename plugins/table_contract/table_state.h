// SPDX-License-Identifier: Apache-2.0
// What the validator remembers of a table, and the table that it is compared with. Row numbers count from 0
// in the order in which rows were added; a merged state's rows follow those it is merged into.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "assay/batch.hpp"
#include "row_store.h"

namespace assay::table_contract {

using Poll = std::function<void()>;
inline constexpr std::int64_t kRowsPerPoll = 16'384;

inline constexpr std::size_t kMaxCategories = 1'000;
inline constexpr std::size_t kMaxCategoryBytes = std::size_t{1} << 20;  // of all texts of a column

// How often each text occurs, while they are few enough to be categories.
class Categories {
 public:
  using Map = std::map<std::string, std::uint64_t, std::less<>>;

  void add(std::string_view text, std::uint64_t rows = 1);
  void merge(const Categories& from);
  // Empty when there were too many.
  const Map& counts() const { return counts_; }
  bool too_many() const { return too_many_; }
  bool contains(std::string_view text) const { return counts_.find(text) != counts_.end(); }

  void save(sdk::ByteWriter& out) const;
  static Categories load(sdk::ByteReader& in);

 private:
  void give_up();

  Map counts_;
  std::size_t bytes_ = 0;
  bool too_many_ = false;
};

struct ColumnState {
  std::string name;
  sdk::Type type = sdk::Type::other;
  bool is_label = false;
  Tally missing, not_a_number, infinite;
  std::uint64_t finite = 0;                              // numbers
  double low = std::numeric_limits<double>::infinity();  // of those; booleans are 0 and 1
  double high = -std::numeric_limits<double>::infinity();
  Categories categories;  // texts
  // Against the reference's column of that name, if it is of the same family:
  Tally below, above;  // outside its range
  Tally far;           // of those: by more than the width of the range, or below 0 where it never was
  Tally unknown_category;

  std::uint64_t present(std::int64_t rows) const { return static_cast<std::uint64_t>(rows) - missing.count; }
};

// Numbers, booleans and texts do not mix; whole and decimal numbers do.
enum class Family { number, boolean, text, unreadable };
Family family_of(sdk::Type type);

struct Table {
  std::int64_t rows = 0;
  std::vector<ColumnState> columns;
  RowStore store;

  explicit Table(std::size_t limit_bytes) : store(limit_bytes) {}
  // Null when there is no such column.
  const ColumnState* find(std::string_view name) const;
  std::vector<std::string> names() const;
};

class Checked {
 public:
  // Over no rows. `label` is empty when no column plays it.
  Checked(const sdk::Schema& schema, const std::string& label, std::size_t limit_bytes,
          std::shared_ptr<const Table> reference);

  const Table& table() const { return table_; }
  // Null when there is none.
  const std::shared_ptr<const Table>& reference() const { return reference_; }
  // Rows that are also in the reference; counted only when `comparable_rows`.
  const Tally& overlap() const { return overlap_; }
  // True when both tables have the same columns and kept their rows.
  bool comparable_rows() const;

  // The state is as before when `poll`, which is called every few milliseconds, throws.
  void update(const sdk::Batch& batch, const Poll& poll);
  // INVALID_ARGUMENT when the columns or the references differ.
  void merge(const Checked& from);

  std::string save() const;
  // CORRUPT_ARTIFACT when `bytes` are not what save wrote; INVALID_ARGUMENT when they are of other columns.
  static Checked load(std::string_view bytes, const sdk::Schema& schema, const std::string& label,
                      std::size_t limit_bytes);
  // The table alone: what a saved state is as the reference of another.
  static Table load_table(std::string_view bytes, std::size_t limit_bytes);

 private:
  struct Empty {};
  // The same columns and reference, over no rows.
  Checked(const Checked& like, Empty);

  void add(const sdk::Batch& batch, const Poll& poll);
  void add_column(std::size_t i, const sdk::Column& column, const Poll& poll);
  void add_number(std::size_t i, double value, std::int64_t row);
  void add_text(std::size_t i, std::string_view text, std::int64_t row);
  void link();

  Table table_;
  std::shared_ptr<const Table> reference_;
  std::vector<const ColumnState*> known_;  // of each column: the reference's of that name and family, or null
  bool same_columns_ = false;
  Tally overlap_;
};

}  // namespace assay::table_contract
