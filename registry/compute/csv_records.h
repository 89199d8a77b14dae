// SPDX-License-Identifier: Apache-2.0
// Cells put together to records that fit the header: what every pass over a CSV shares. A pass derives from
// it and hears checked cells only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/compute/csv_scanner.h"

namespace assay {

class CsvRecords {
 public:
  explicit CsvRecords(std::string source) : source_(std::move(source)), scanner_(*this, source_) {}
  virtual ~CsvRecords() = default;
  CsvRecords(const CsvRecords&) = delete;
  CsvRecords& operator=(const CsvRecords&) = delete;

  // Blocks of the input in order, then finish. Throws as read_csv says.
  void feed(std::string_view block);
  void finish();

  const std::vector<std::string>& names() const { return names_; }
  const std::string& source() const { return source_; }

 protected:
  // After the header; names() is complete.
  virtual void header() {}
  // A cell of a data record; `quoted` tells an empty text from no value.
  virtual void value(std::size_t column, std::string_view text, bool quoted) = 0;
  // A data record ended; its bytes are [begin, end) after the byte order mark, without the line end.
  virtual void record(std::uint64_t begin, std::uint64_t end) = 0;

  // Whole data records at the start of `rest`, read at once by a pass that can; see CsvTaken.
  virtual CsvTaken records_at_once(std::string_view rest) { return {0, 0, rest.size()}; }

  // Names line and column; the line is that of the cell being reported, or of the record to be read next.
  Error cell_error(std::uint64_t line, std::size_t column, std::string_view what) const;
  std::uint64_t cell_line() const { return scanner_.line(); }
  std::uint64_t next_line() const { return scanner_.line_here(); }

 private:
  friend class CsvScanner<CsvRecords>;
  CsvTaken records(std::string_view rest) { return in_header_ ? CsvTaken{} : records_at_once(rest); }
  void cell(std::string_view text, bool quoted);
  void end_record(std::uint64_t begin, std::uint64_t end, bool terminated);
  void header_cell(std::string_view text);
  void end_header();
  [[noreturn]] void fail_width(bool terminated) const;

  std::string source_;
  CsvScanner<CsvRecords> scanner_;
  bool started_ = false;
  bool in_header_ = true;
  bool pending_empty_ = false;  // the record began with an empty cell, which may turn out to be a blank line
  std::size_t cells_ = 0;
  std::uint64_t record_line_ = 1;
  std::vector<std::string> names_;
};

}  // namespace assay
