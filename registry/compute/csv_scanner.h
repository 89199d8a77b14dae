// SPDX-License-Identifier: Apache-2.0
// The grammar of RFC 4180 as a push parser: bytes in, cells and ends of records out. It knows nothing of
// types or of how many cells a record should have.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "registry/compute/csv.h"
#include "storage/base/error.h"

namespace assay {

// Records that a handler read by itself, and the line feeds in them; or none, and how many bytes to go on cell by
// cell before it is asked again.
struct CsvTaken {
  std::size_t bytes = 0;
  std::uint64_t lines = 0;
  std::size_t untaken = 0;
};

// `Handler` has `CsvTaken records(std::string_view rest)`, asked where a record starts, `void cell(std::string_view text, bool quoted)` and `void end_record(std::uint64_t begin,
// std::uint64_t end, bool terminated)`: the record's bytes without its line end, and whether it had one. A
// cell's text is valid during the call only.
template <typename Handler>
class CsvScanner {
 public:
  CsvScanner(Handler& handler, std::string_view source) : handler_(handler), source_(source) {}

  // The line where the cell being reported starts, and which cell of its record it is, both from 1.
  std::uint64_t line() const { return cell_line_; }
  // The line of the next byte.
  std::uint64_t line_here() const { return line_; }
  std::uint64_t column() const { return column_; }

  void feed(std::string_view bytes) {
    std::size_t at = 0;
    std::size_t ask = 0;  // from where on
    while (at < bytes.size()) {
      if (at >= ask && state_ == State::cell_start && column_ == 1) {
        const CsvTaken taken = handler_.records(bytes.substr(at));
        at += taken.bytes;
        line_ += taken.lines;
        record_begin_ = base_ + at;
        ask = at + taken.untaken;
        if (taken.bytes != 0) continue;
      }
      at = step(bytes, at);
    }
    base_ += bytes.size();
  }

  void finish() {
    if (state_ == State::quoted)
      fail(cell_line_, "a quote is opened here and never closed: the file is cut off, or a quote is missing");
    if (state_ == State::after_cr) fail(line_, kBareReturn);
    if (state_ == State::cell_start && column_ == 1) return;  // nothing after the last line end
    end_cell(scratch_, state_ == State::quote_in_quoted);
    handler_.end_record(record_begin_, base_, false);
  }

  Error error(std::uint64_t line, std::string_view what) const {
    return {Code::invalid_argument, fmt::format("{}, line {}: {}", source_, line, what)};
  }
  [[noreturn]] void fail(std::uint64_t line, std::string_view what) const { throw error(line, what); }

 private:
  enum class State { cell_start, unquoted, quoted, quote_in_quoted, after_cr };
  static constexpr std::string_view kBareReturn = "a carriage return without a line feed";

  // Consumes at least one byte from `at`; answers where to go on.
  std::size_t step(std::string_view bytes, std::size_t at) {
    switch (state_) {
      case State::cell_start:
        cell_line_ = line_;
        if (bytes[at] == '"') {
          state_ = State::quoted;
          return at + 1;
        }
        state_ = State::unquoted;
        return unquoted(bytes, at);
      case State::unquoted:
        return unquoted(bytes, at);
      case State::quoted:
        return quoted(bytes, at);
      case State::quote_in_quoted:
        return after_quote(bytes, at);
      case State::after_cr:
        if (bytes[at] != '\n') fail(line_, kBareReturn);
        end_record(base_ + at - 1);
        return at + 1;
    }
    return bytes.size();
  }

  std::size_t unquoted(std::string_view bytes, std::size_t at) {
    std::size_t end = at;
    while (end < bytes.size() && bytes[end] != ',' && bytes[end] != '\n' && bytes[end] != '\r') {
      if (bytes[end] == '\0') fail(line_, kNul);
      ++end;
    }
    const std::string_view part = bytes.substr(at, end - at);
    check_size(part.size());
    if (end == bytes.size() || !scratch_.empty()) keep(part);
    if (end == bytes.size()) return end;
    return delimiter(bytes, end, scratch_.empty() ? part : std::string_view(scratch_), false);
  }

  std::size_t quoted(std::string_view bytes, std::size_t at) {
    std::size_t end = at;
    while (end < bytes.size() && bytes[end] != '"') {
      if (bytes[end] == '\n') ++line_;
      if (bytes[end] == '\0') fail(line_, kNul);
      ++end;
    }
    keep(bytes.substr(at, end - at));
    if (end == bytes.size()) return end;
    state_ = State::quote_in_quoted;
    return end + 1;
  }

  std::size_t after_quote(std::string_view bytes, std::size_t at) {
    if (bytes[at] == '"') {
      keep("\"");
      state_ = State::quoted;
      return at + 1;
    }
    if (bytes[at] != ',' && bytes[at] != '\n' && bytes[at] != '\r')
      fail(line_,
           fmt::format("text after the closing quote of cell {}; a quote inside quotes is written twice",
                       column_));
    return delimiter(bytes, at, scratch_, true);
  }

  std::size_t delimiter(std::string_view bytes, std::size_t at, std::string_view text, bool was_quoted) {
    end_cell(text, was_quoted);
    if (bytes[at] == ',') {
      ++column_;
      state_ = State::cell_start;
    } else if (bytes[at] == '\n') {
      end_record(base_ + at);
    } else {
      state_ = State::after_cr;
    }
    return at + 1;
  }

  void keep(std::string_view part) {
    check_size(scratch_.size() + part.size());
    scratch_.append(part);
  }

  void check_size(std::size_t size) const {
    if (size > kMaxCsvCellBytes)
      throw Error(Code::too_large,
                  fmt::format("{}, line {}: a cell is longer than {} MiB; is a quote missing?", source_,
                              cell_line_, kMaxCsvCellBytes >> 20));
  }

  void end_cell(std::string_view text, bool was_quoted) {
    handler_.cell(text, was_quoted);
    scratch_.clear();
  }

  void end_record(std::uint64_t end) {
    handler_.end_record(record_begin_, end, true);
    record_begin_ = end + (state_ == State::after_cr ? 2 : 1);
    state_ = State::cell_start;
    column_ = 1;
    ++line_;
  }

  static constexpr std::string_view kNul = "a NUL byte: this is not text (UTF-16 must be converted to UTF-8)";

  Handler& handler_;
  std::string source_;
  State state_ = State::cell_start;
  std::string scratch_;     // of a cell that is quoted or cut by the end of a block
  std::uint64_t base_ = 0;  // bytes fed before the current block
  std::uint64_t record_begin_ = 0;
  std::uint64_t line_ = 1, cell_line_ = 1, column_ = 1;
};

}  // namespace assay
