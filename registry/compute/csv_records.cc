// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/csv_records.h"

#include <algorithm>
#include <unordered_set>

#include "registry/compute/literal.h"
#include "registry/domain/utf8.h"

namespace assay {
namespace {

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

}  // namespace

void CsvRecords::feed(std::string_view block) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (!started_ && block.substr(0, mark.size()) == mark) block.remove_prefix(mark.size());
  started_ = true;
  scanner_.feed(block);
}

void CsvRecords::finish() {
  scanner_.finish();
  if (in_header_)
    throw Error(Code::invalid_argument,
                source_ + " is empty: a CSV starts with a line that names its columns");
}

Error CsvRecords::cell_error(std::uint64_t line, std::size_t column, std::string_view what) const {
  return scanner_.error(line, fmt::format("column {} \"{}\": {}", column + 1, names_[column], what));
}

void CsvRecords::cell(std::string_view text, bool quoted) {
  if (in_header_) return header_cell(text);
  if (cells_ == 0) {
    record_line_ = scanner_.line();
    pending_empty_ = text.empty() && !quoted && names_.size() > 1;
    if (pending_empty_) {
      ++cells_;
      return;
    }
  } else if (pending_empty_) {
    pending_empty_ = false;
    value(0, {}, false);
  }
  if (cells_ < names_.size()) {
    if (!is_utf8(text))
      throw cell_error(cell_line(), cells_, "not UTF-8; convert the file, for example with iconv");
    value(cells_, text, quoted);
  }
  ++cells_;
}

void CsvRecords::end_record(std::uint64_t begin, std::uint64_t end, bool terminated) {
  if (in_header_) return end_header();
  const bool blank = pending_empty_ && cells_ == 1;
  const std::size_t cells = cells_;
  pending_empty_ = false;
  if (!blank && cells != names_.size()) fail_width(terminated);
  cells_ = 0;
  if (!blank) record(begin, end);
}

void CsvRecords::fail_width(bool terminated) const {
  const std::string counts = fmt::format("{} cells where the header has {}", cells_, names_.size());
  if (!terminated && cells_ < names_.size())
    scanner_.fail(record_line_, counts +
                                    ", and the file ends there without a line end: it looks cut off; "
                                    "copy or export it again");
  if (cells_ > names_.size())
    scanner_.fail(record_line_, counts + "; put cells that hold a comma in double quotes");
  scanner_.fail(record_line_,
                fmt::format("{}; column \"{}\" and what follows it are missing", counts, names_[cells_]));
}

void CsvRecords::header_cell(std::string_view text) {
  const std::size_t number = names_.size() + 1;
  if (number > kMaxCsvColumns)
    throw Error(Code::too_large, fmt::format("{} has more than {} columns", source_, kMaxCsvColumns));
  if (text.empty())
    scanner_.fail(1, fmt::format("column {} has no name; a data frame's index column is written as one (with "
                                 "pandas use index=False)",
                                 number));
  if (text.size() > kMaxCsvNameBytes)
    scanner_.fail(1, fmt::format("the name of column {} is longer than {} bytes", number, kMaxCsvNameBytes));
  if (!is_utf8(text)) scanner_.fail(1, fmt::format("the name of column {} is not UTF-8", number));
  if (has_control_character(text))
    scanner_.fail(
        1, fmt::format("the name of column {} holds a control character{}", number,
                       text.find('\t') == text.npos ? "" : "; cells are separated by commas, not tabs"));
  names_.emplace_back(text);
}

void CsvRecords::end_header() {
  std::unordered_set<std::string_view> seen;
  for (const std::string& name : names_)
    if (!seen.insert(name).second)
      scanner_.fail(1, fmt::format("two columns are called \"{}\"; rename one of them", name));
  if (names_.size() == 1 && names_[0].find(';') != std::string::npos)
    scanner_.fail(
        1, fmt::format("the header is one column, \"{}\"; cells are separated by commas, not semicolons",
                       beginning(names_[0], 80)));
  in_header_ = false;
  header();
}

}  // namespace assay
