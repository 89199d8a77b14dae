// SPDX-License-Identifier: Apache-2.0
// Text for people: aligned tables, sizes, numbers. Nothing here is meant to be parsed; that is what --json is
// for.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::cli {

// Columns are as wide as their widest cell; a column whose cells are all numbers is aligned to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> heads) : heads_(std::move(heads)) {}

  // Shorter rows are filled with empty cells.
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  // Control characters that a cell may hold are shown as '?': names and messages come from other people.
  void print(std::ostream& out) const;

 private:
  std::vector<std::string> heads_;
  std::vector<std::vector<std::string>> rows_;
};

// `text` with control characters shown as '?', so that it cannot drive the terminal.
std::string plain(std::string_view text);
std::string human_size(std::uint64_t bytes);            // "1.4 MB", powers of 1000
std::string human_number(double value);                 // up to 6 significant digits
std::string human_number(std::optional<double> value);  // "-" for nothing
// "2026-11-21T01:02:03.004Z" as "2026-11-21 01:02:03 UTC"; anything else as it is.
std::string human_time(std::string_view time);

}  // namespace assay::cli
