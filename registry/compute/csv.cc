// SPDX-License-Identifier: Apache-2.0
// Two passes: the first guesses types and counts rows, the second fills columns of exactly that size. A
// single pass would have to keep every cell's text until the last line is seen, since any cell may turn a
// column of numbers into text.
#include "registry/compute/csv.h"

#include <algorithm>
#include <fstream>

#include "registry/compute/cell.h"
#include "registry/compute/csv_records.h"
#include "registry/compute/literal.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;

// What a column may still be, as its cells are seen.
struct Guess {
  std::optional<ColumnType> declared;
  bool i64 = true, f64 = true, boolean = true, any = false;

  void see(std::string_view text) {
    any = true;
    // From the narrowest on: a column that failed a type is never tried for it again.
    if (i64 && !parse_i64(text)) i64 = false;
    if (!i64 && f64 && !parse_f64(text)) f64 = false;
    if (boolean && !parse_bool(text)) boolean = false;
  }
  ColumnType type() const {
    if (declared) return *declared;
    if (!any) return ColumnType::f64;
    if (i64) return ColumnType::i64;
    if (f64) return ColumnType::f64;
    return boolean ? ColumnType::boolean : ColumnType::utf8;
  }
};

class GuessPass final : public CsvRecords {
 public:
  explicit GuessPass(const CsvOptions& options) : CsvRecords(options.source), declared_(options.declared) {}

  std::int64_t rows() const { return rows_; }
  TableSchema schema() const {
    TableSchema schema;
    for (std::size_t i = 0; i < guesses_.size(); ++i) schema.push_back({names()[i], guesses_[i].type()});
    return schema;
  }

 private:
  void header() override {
    guesses_.resize(names().size());
    for (std::size_t i = 0; i < guesses_.size(); ++i)
      for (const ColumnSpec& column : declared_)
        if (column.name == names()[i]) guesses_[i].declared = column.type;
  }
  void value(std::size_t column, std::string_view text, bool) override {
    Guess& guess = guesses_[column];
    if (!text.empty() && !guess.declared) guess.see(text);
  }
  void record(std::uint64_t, std::uint64_t) override { ++rows_; }

  const TableSchema& declared_;
  std::vector<Guess> guesses_;
  std::int64_t rows_ = 0;
};

class FillPass final : public CsvRecords {
 public:
  FillPass(const CsvOptions& options, const TableSchema& schema, std::int64_t rows) : CsvRecords(options.source) {
    for (const ColumnSpec& spec : schema) columns_.emplace_back(spec, options.memory).reserve(rows);
  }

  TablePtr table() { return std::make_shared<Table>(std::move(columns_)); }
  bool same_columns() const {
    if (names().size() != columns_.size()) return false;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (columns_[i].name() != names()[i]) return false;
    return true;
  }

 private:
  void header() override {
    if (!same_columns()) throw Error(Code::conflict, source() + " changed while it was read; try again");
  }
  void value(std::size_t at, std::string_view text, bool quoted) override {
    Column& column = columns_[at];
    if (column.type() == ColumnType::utf8) {
      if (text.empty() && !quoted) return column.append_null();
      return column.append(text);
    }
    if (text.empty()) return column.append_null();
    if (!append_literal(column, text))
      fail_cell(at, fmt::format("\"{}\" is not of type {}", text.substr(0, 80), name_of(column.type())));
  }
  void record(std::uint64_t, std::uint64_t) override {}

  std::vector<Column> columns_;
};

// Records of the input with cells of `added` behind them.
class AppendPass final : public CsvRecords {
 public:
  AppendPass(std::string_view input, const Table& added, std::string source, std::string& out)
      : CsvRecords(std::move(source)), input_(input), added_(added), out_(out) {}

  std::int64_t rows() const { return row_; }

 private:
  void header() override {
    for (const Column& column : added_.columns())
      for (const std::string& name : names())
        if (name == column.name())
          throw Error(
              Code::invalid_argument,
              fmt::format("{} already has a column \"{}\", which the model would add; rename or drop it",
                          source(), name));
  }
  void value(std::size_t, std::string_view, bool) override {}
  void record(std::uint64_t begin, std::uint64_t end) override {
    out_.append(input_.substr(begin, end - begin));
    for (const Column& column : added_.columns()) {
      out_ += ',';
      append_csv_cell(out_, column, row_);
    }
    out_ += '\n';
    ++row_;
  }

  std::string_view input_;  // without the byte order mark
  const Table& added_;
  std::string& out_;
  std::int64_t row_ = 0;
};

class HeaderPass final : public CsvRecords {
 public:
  using CsvRecords::CsvRecords;
  bool done() const { return done_; }

 private:
  void header() override { done_ = true; }
  void value(std::size_t, std::string_view, bool) override {}
  void record(std::uint64_t, std::uint64_t) override {}

  bool done_ = false;
};

void feed_file(CsvRecords& pass, const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw system_error("open " + path.string(), errno);
  std::string block(kBlockBytes, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
    pass.feed(std::string_view(block).substr(0, static_cast<std::size_t>(file.gcount())));
  if (file.bad()) throw system_error("read " + path.string(), errno);
  pass.finish();
}

std::string_view without_mark(std::string_view bytes) {
  return bytes.substr(0, 3) == "\xEF\xBB\xBF" ? bytes.substr(3) : bytes;
}

}  // namespace

TablePtr read_csv(std::string_view bytes, const CsvOptions& options) {
  GuessPass guess(options);
  guess.feed(bytes);
  guess.finish();
  FillPass fill(options, guess.schema(), guess.rows());
  fill.feed(bytes);
  fill.finish();
  return fill.table();
}

TablePtr read_csv_file(const std::filesystem::path& path, CsvOptions options) {
  if (options.source == CsvOptions().source) options.source = path.string();
  GuessPass guess(options);
  feed_file(guess, path);
  FillPass fill(options, guess.schema(), guess.rows());
  feed_file(fill, path);
  TablePtr table = fill.table();
  if (table->rows() != guess.rows())
    throw Error(Code::conflict, options.source + " changed while it was read; try again");
  return table;
}

std::vector<std::string> read_csv_header(std::string_view bytes, const CsvOptions& options) {
  HeaderPass pass(options.source);
  while (!bytes.empty() && !pass.done()) {
    // A record is taken in small pieces, so that a broken row after the header goes unseen.
    const std::size_t piece = std::min<std::size_t>(bytes.size(), bytes.find('\n') + 1);
    pass.feed(bytes.substr(0, piece == 0 ? bytes.size() : piece));
    bytes.remove_prefix(piece == 0 ? bytes.size() : piece);
  }
  if (!pass.done()) pass.finish();
  return pass.names();
}

std::string write_csv(const Table& table) {
  std::string out;
  for (std::size_t i = 0; i < table.columns().size(); ++i) {
    if (i != 0) out += ',';
    append_csv_text(out, table.columns()[i].name());
  }
  out += '\n';
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    for (std::size_t i = 0; i < table.columns().size(); ++i) {
      if (i != 0) out += ',';
      append_csv_cell(out, table.columns()[i], row);
    }
    out += '\n';
  }
  return out;
}

std::string append_csv_columns(std::string_view input, const Table& added, const CsvOptions& options) {
  input = without_mark(input);
  std::string out;
  out.reserve(input.size() + static_cast<std::size_t>(added.rows() + 1) * 20);
  for (const std::string& name : read_csv_header(input, options)) {
    append_csv_text(out, name);
    out += ',';
  }
  for (const Column& column : added.columns()) {
    append_csv_text(out, column.name());
    out += ',';
  }
  if (!out.empty()) out.back() = '\n';
  AppendPass pass(input, added, options.source, out);
  pass.feed(input);
  pass.finish();
  if (pass.rows() != added.rows())
    throw Error(Code::internal,
                fmt::format("{} rows were scored, but {} has {}", added.rows(), options.source, pass.rows()));
  return out;
}

}  // namespace assay
