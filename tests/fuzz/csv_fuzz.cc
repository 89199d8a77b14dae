// SPDX-License-Identifier: Apache-2.0
// Any bytes as CSV: the fast ways, in any pieces, end as the reader that goes byte by byte does, in the same values or
// the same words; that one agrees with a grammar written down here once more; and what was read, written and read
// again, is the same. Input: a line with the sizes of blocks, of windows and of the sample, then types of columns
// ("40 70 20 i64,-,bool"); the CSV.
#include "registry/compute/csv.h"

#include <array>
#include <cstdlib>
#include <sstream>

#include "registry/compute/cell.h"
#include "registry/compute/csv_columns.h"
#include "tests/fuzz/harness.h"
#include "tests/fuzz/refusal.h"

namespace assay {
namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

struct Input {
  std::size_t block = 0, window = 0, sample = 0;
  std::vector<std::optional<ColumnType>> types;
  std::string_view csv;
};

Input read_input(std::string_view text) {
  Input input;
  const std::string_view line = text.substr(0, text.find('\n'));
  input.csv = text.substr(std::min(line.size() + 1, text.size()));
  std::istringstream words{std::string(line)};
  std::string types, type;
  words >> input.block >> input.window >> input.sample >> types;
  std::istringstream each(types);
  while (std::getline(each, type, ',')) input.types.push_back(column_type_from_name(type));
  return input;
}

// ---- The grammar once more. Records of cells; nothing for what is not CSV. ----

struct Cell {
  std::string text;
  bool quoted = false;
};
using Record = std::vector<Cell>;

class SimpleReader {
 public:
  explicit SimpleReader(std::string_view csv) : rest_(csv.starts_with("\xEF\xBB\xBF") ? csv.substr(3) : csv) {}

  std::optional<std::vector<Record>> read() {
    std::vector<Record> records;
    while (!rest_.empty()) {
      const auto record = next_record();
      if (!record) return std::nullopt;
      const bool blank = record->size() == 1 && record->front().text.empty() && !record->front().quoted;
      if (blank && !records.empty() && records.front().size() > 1) continue;
      if (!records.empty() && record->size() != records.front().size()) return std::nullopt;
      records.push_back(*record);
    }
    return records.empty() ? std::nullopt : std::optional(records);
  }

 private:
  std::optional<Record> next_record() {
    Record record;
    for (;;) {
      auto cell = rest_.starts_with('"') ? quoted() : std::optional(Cell{plain(), false});
      if (!cell || cell->text.find('\0') != cell->text.npos) return std::nullopt;
      record.push_back(*std::move(cell));
      if (rest_.empty()) return record;
      if (rest_.starts_with(',')) {
        rest_.remove_prefix(1);
        continue;
      }
      const std::size_t line_end = rest_.starts_with("\r\n") ? 2 : 1;
      if (rest_[line_end - 1] != '\n') return std::nullopt;
      rest_.remove_prefix(line_end);
      return record;
    }
  }
  std::string plain() {
    const std::string text(rest_.substr(0, rest_.find_first_of(",\r\n")));
    rest_.remove_prefix(text.size());
    return text;
  }
  std::optional<Cell> quoted() {
    Cell cell{{}, true};
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') {
        if (!rest_.starts_with('"')) return cell;
        rest_.remove_prefix(1);
      }
      cell.text += c;
    }
    return std::nullopt;
  }

  std::string_view rest_;
};

// Whether a header is taken, apart from what all cells must keep.
bool is_header(const Record& header) {
  for (std::size_t i = 0; i < header.size(); ++i) {
    const std::string& name = header[i].text;
    if (name.empty() || name.size() > kMaxCsvNameBytes) return false;
    for (const unsigned char c : name)
      if (c < 0x20 || c == 0x7F) return false;
    for (std::size_t other = 0; other < i; ++other)
      if (header[other].text == name) return false;
  }
  return header.size() > 1 || header[0].text.find(';') == std::string::npos;
}

// The column that the cells below the header spell; nothing when one is not of the declared type.
std::optional<Column> column_of(const std::vector<Record>& records, std::size_t at, const TableSchema& declared) {
  CsvGuess guess;
  for (const ColumnSpec& spec : declared)
    if (spec.name == records[0][at].text) guess.declared = spec.type;
  for (std::size_t row = 1; row < records.size(); ++row)
    if (const std::string& text = records[row][at].text; !text.empty()) guess.see(text);
  Column column({records[0][at].text, guess.type()});
  for (std::size_t row = 1; row < records.size(); ++row) {
    const Cell& cell = records[row][at];
    if (cell.text.empty() && !(cell.quoted && column.type() == ColumnType::utf8))
      column.append_null();
    else if (!append_literal(column, cell.text))
      return std::nullopt;
  }
  return column;
}

TablePtr simple_table(std::string_view csv, const TableSchema& declared) {
  const auto records = SimpleReader(csv).read();
  if (!records || !is_header(records->front())) return nullptr;
  for (const Record& record : *records)
    for (const Cell& cell : record)
      if (!fuzz::is_text(cell.text)) return nullptr;
  std::vector<Column> columns;
  for (std::size_t at = 0; at < records->front().size(); ++at) {
    auto column = column_of(*records, at, declared);
    if (!column) return nullptr;
    columns.push_back(*std::move(column));
  }
  return std::make_shared<Table>(std::move(columns));
}

// ---- The ways ----

struct Outcome {
  TablePtr table{};
  std::string written{};  // or the error's words
};

Outcome read(std::string_view csv, std::size_t block, const CsvPath& path, const TableSchema& declared) {
  Outcome outcome;
  const CsvBlocks blocks = [&](const auto& use) {
    for (std::size_t at = 0; at < csv.size(); at += block)
      if (!use(csv.substr(at, block))) return;
  };
  try {
    outcome.table = read_csv_blocks(blocks, csv.size(), {.declared = declared}, path);
    outcome.written = write_csv(*outcome.table);
  } catch (const Error& error) {
    require(error.code() == Code::invalid_argument || error.code() == Code::too_large);
    require(fuzz::is_text(error.message()));
    outcome.written = error.message();
  }
  return outcome;
}

bool same(const Outcome& one, const Outcome& other) {
  if (one.written != other.written || (one.table == nullptr) != (other.table == nullptr)) return false;
  return one.table == nullptr || one.table->schema() == other.table->schema();
}

TableSchema declared_for(const Input& input) {
  TableSchema declared;
  fuzz::taken({Code::invalid_argument, Code::too_large}, [&] {
    const std::vector<std::string> names = read_csv_header(input.csv);
    for (std::size_t i = 0; i < names.size() && i < input.types.size(); ++i)
      if (input.types[i]) declared.push_back({names[i], *input.types[i]});
  });
  return declared;
}

void check_again(std::string_view csv, const Outcome& outcome) {
  const TableSchema schema = outcome.table->schema();
  require(same(read(outcome.written, std::size_t{1} << 20, {}, schema), outcome));
  Column number({"a number that the model adds", ColumnType::i64});
  for (std::int64_t row = 0; row < outcome.table->rows(); ++row) number.append(row);
  if (outcome.table->find(number.name()) != nullptr) return;
  std::vector<Column> columns = outcome.table->columns();
  columns.push_back(number);
  const std::string longer = append_csv_columns(csv, Table({number}));
  require(write_csv(*read_csv(longer, {.declared = schema})) == write_csv(Table(columns)));
}

void check(const Input& input) {
  // A byte order mark comes in one piece, as it does in the blocks of files.
  const auto size = [](std::size_t wanted) { return 3 + wanted % 300; };
  const TableSchema declared = declared_for(input);
  const CsvPath slow{.cpu = {}, .window_bytes = 1, .sample_bytes = 3};
  const Outcome wanted = read(input.csv, 3, slow, declared);
  for (const Cpu& cpu : {Cpu{}, Cpu::here()}) {
    require(same(read(input.csv, std::size_t{1} << 20, {.cpu = cpu}, declared), wanted));
    const CsvPath path{.cpu = cpu, .window_bytes = size(input.window), .sample_bytes = size(input.sample)};
    require(same(read(input.csv, size(input.block), path, declared), wanted));
  }
  const TablePtr simple = simple_table(input.csv, declared);
  require((simple == nullptr) == (wanted.table == nullptr));
  if (!simple) return;
  require(simple->schema() == wanted.table->schema() && write_csv(*simple) == wanted.written);
  check_again(input.csv, wanted);
}

}  // namespace
}  // namespace assay

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  assay::check(assay::read_input({reinterpret_cast<const char*>(data), size}));
  return 0;
}
