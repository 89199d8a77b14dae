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

  // Throws for the cell being reported, naming line and column.
  [[noreturn]] void fail_cell(std::size_t column, std::string_view what) const;

 private:
  friend class CsvScanner<CsvRecords>;
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
