// SPDX-License-Identifier: Apache-2.0
// The pass that fills a table's columns. Records come in windows, whose cells are found and converted a column at a
// time; what a window holds that is not plain CSV comes cell by cell from CsvRecords, so that both ways have one
// grammar and one wording of errors.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "registry/compute/csv_guess.h"
#include "registry/compute/csv_index.h"
#include "registry/compute/csv_number.h"
#include "registry/compute/csv_records.h"

namespace assay {

// How it is read, not what comes out. Tests try every way.
struct CsvPath {
  Cpu cpu = Cpu::here();
  std::size_t window_bytes = 32 << 10;  // the bytes and their index stay in the nearest caches
  std::size_t sample_bytes = 64 << 10;  // read for a first guess of types and sizes
};

// Calls its argument with the input's blocks from the first on, until there are no more or it answers false.
using CsvBlocks = std::function<void(const std::function<bool(std::string_view)>&)>;

// As read_csv_file, of an input that has about `size` bytes.
TablePtr read_csv_blocks(const CsvBlocks& blocks, std::uint64_t size, const CsvOptions& options,
                         const CsvPath& path = {});

class CsvColumns final : public CsvRecords {
 public:
  // What a sample of the input looked like; `rows` is about how many there will be.
  CsvColumns(const CsvOptions& options, const std::vector<std::string>& names, std::vector<CsvGuess> guesses,
             std::int64_t rows, const CsvPath& path);
  // Reads once more for the columns that turned out to be of another type than the sample, and keeps the rest.
  CsvColumns(const CsvOptions& options, CsvColumns&& first, const CsvPath& path);

  // Whether table() may be called: every column has its values, or there is an error to throw.
  bool complete() const;
  std::int64_t rows() const { return rows_; }
  // Throws for the first cell that is not of its declared type.
  TablePtr table();

 private:
  enum class State { filling, guessing, kept };
  struct Slot {
    Column column;
    CsvGuess guess;
    State state;
  };
  struct Unfit {
    std::size_t record, column;
    Error error;
  };

  void header() override;
  void value(std::size_t at, std::string_view text, bool quoted) override;
  void record(std::uint64_t, std::uint64_t) override { ++rows_; }
  CsvTaken records_at_once(std::string_view rest) override;

  void fill(Slot& slot, const CsvWindow& window, std::size_t at);
  // These answer the first record whose cell is not of the column's type, or how many records there are.
  template <typename Value, typename Plain, typename Any>
  std::size_t fill_numbers(Column& column, std::vector<Value>& values, const CsvWindow& window, std::size_t at,
                           Plain plain, Any any);
  std::size_t fill_f64(Column& column, const CsvWindow& window, std::size_t at);
  std::size_t fill_i64(Slot& slot, const CsvWindow& window, std::size_t at);
  std::size_t fill_bool(Slot& slot, const CsvWindow& window, std::size_t at);
  std::size_t fill_utf8(Column& column, const CsvWindow& window, std::size_t at);
  std::size_t fill_nothing(Column& column, const CsvWindow& window, std::size_t at);

  // The cell's text without its quotes; valid until the next call.
  std::string_view text_of(const CsvWindow::Cell& cell);
  // `text` is not of the slot's type: the guess widens, or the error of a declared column is kept for table().
  void misfit(std::size_t at, std::string_view text, std::uint64_t line, std::size_t record);
  [[noreturn]] void changed() const;

  const CsvPath path_;
  const bool again_;
  std::size_t window_bytes_;
  std::vector<Slot> slots_;
  std::vector<std::string> expected_;
  std::optional<Unfit> unfit_;
  std::int64_t rows_ = 0;

  // Scratch of one window.
  CsvIndex index_;
  std::vector<Decimal> decimals_;
  std::vector<double> f64_;
  std::vector<std::int64_t> i64_;
  std::vector<std::uint8_t> bits_, valid_;
  std::vector<std::uint32_t> ends_;
  std::vector<char> texts_;
  std::string unquoted_;
};

}  // namespace assay
