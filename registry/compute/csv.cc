// SPDX-License-Identifier: Apache-2.0
// A sample says what the columns seem to be and how much memory to reserve; one pass fills them. A column whose later
// cells contradict the sample is guessed to the end and filled by a second pass: keeping every cell's text instead, in
// case numbers turn into text, would cost every read.
#include "registry/compute/csv.h"

#include <algorithm>
#include <fstream>

#include "registry/compute/cell.h"
#include "registry/compute/csv_columns.h"
#include "storage/base/error.h"

namespace assay {
namespace {

constexpr std::size_t kBlockBytes = 1 << 20;

class SamplePass final : public CsvRecords {
 public:
  explicit SamplePass(const CsvOptions& options) : CsvRecords(options.source), declared_(options.declared) {}

  std::int64_t rows() const { return rows_; }
  const std::vector<CsvGuess>& guesses() const { return guesses_; }

 private:
  void header() override {
    guesses_.resize(names().size());
    for (std::size_t i = 0; i < guesses_.size(); ++i)
      for (const ColumnSpec& column : declared_)
        if (column.name == names()[i]) guesses_[i].declared = column.type;
  }
  void value(std::size_t column, std::string_view text, bool) override {
    CsvGuess& guess = guesses_[column];
    guess.text_bytes += text.size();
    if (!text.empty() && !guess.declared) guess.see(text);
  }
  void record(std::uint64_t, std::uint64_t) override { ++rows_; }

  const TableSchema& declared_;
  std::vector<CsvGuess> guesses_;
  std::int64_t rows_ = 0;
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

void each_block_of(const std::filesystem::path& path, const std::function<bool(std::string_view)>& use) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw system_error("open " + path.string(), errno);
  std::string block(kBlockBytes, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
    if (!use(std::string_view(block).substr(0, static_cast<std::size_t>(file.gcount())))) return;
  if (file.bad()) throw system_error("read " + path.string(), errno);
}

std::string_view without_mark(std::string_view bytes) {
  return bytes.substr(0, 3) == "\xEF\xBB\xBF" ? bytes.substr(3) : bytes;
}

}  // namespace

TablePtr read_csv_blocks(const CsvBlocks& blocks, std::uint64_t size, const CsvOptions& options,
                         const CsvPath& path) {
  SamplePass sample(options);
  std::uint64_t sampled = 0;
  bool all = true;
  blocks([&](std::string_view block) {
    for (; !block.empty() && (sampled < path.sample_bytes || sample.rows() == 0);
         block.remove_prefix(std::min(block.size(), path.sample_bytes))) {
      sample.feed(block.substr(0, path.sample_bytes));
      sampled += std::min(block.size(), path.sample_bytes);
    }
    return all = block.empty();
  });
  if (all) sample.finish();
  const auto scaled = [&](std::uint64_t seen) {
    // A little more than the sample says, since what is reserved too much is not touched and growing copies.
    return all ? seen : static_cast<std::uint64_t>(1.05 * static_cast<double>(std::max(size, sampled)) / static_cast<double>(sampled) *
                                                   static_cast<double>(seen + 1));
  };
  std::vector<CsvGuess> guesses = sample.guesses();
  for (CsvGuess& guess : guesses) guess.text_bytes = std::min<std::uint64_t>(scaled(guess.text_bytes), INT32_MAX);

  const auto read = [&](CsvColumns& pass) {
    blocks([&](std::string_view block) { return pass.feed(block), true; });
    pass.finish();
  };
  CsvColumns first(options, sample.names(), std::move(guesses),
                   static_cast<std::int64_t>(scaled(static_cast<std::uint64_t>(sample.rows()))), path);
  read(first);
  if (first.complete()) return first.table();
  CsvColumns second(options, std::move(first), path);
  read(second);
  return second.table();
}

TablePtr read_csv(std::string_view bytes, const CsvOptions& options) {
  return read_csv_blocks([&](const auto& use) { use(bytes); }, bytes.size(), options);
}

TablePtr read_csv_file(const std::filesystem::path& path, CsvOptions options) {
  if (options.source == CsvOptions().source) options.source = path.string();
  std::error_code unknown;
  const std::uintmax_t size = std::filesystem::file_size(path, unknown);
  return read_csv_blocks([&](const auto& use) { each_block_of(path, use); }, unknown ? 0 : size, options);
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
  // The pass leaves one mark out by itself; a second belongs to the first name.
  AppendPass pass(without_mark(input), added, options.source, out);
  pass.feed(input);
  pass.finish();
  if (pass.rows() != added.rows())
    throw Error(Code::internal,
                fmt::format("{} rows were scored, but {} has {}", added.rows(), options.source, pass.rows()));
  return out;
}

}  // namespace assay
