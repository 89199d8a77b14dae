// SPDX-License-Identifier: Apache-2.0
// The CSV reader's fast ways against a reader that is too simple to be wrong: one byte after another, every cell a
// string, strtod for numbers. Random CSV, every window and block size, every set of instructions.
#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>

#include "registry/compute/csv.h"
#include "registry/compute/csv_columns.h"
#include "tests/support/catch.h"
#include "tests/unit/compute/errors.h"

namespace assay::test {
namespace {

struct SimpleCell {
  std::string text;
  bool quoted = false;
  std::size_t line = 1;
};
using SimpleRecord = std::vector<SimpleCell>;

// Of well-formed CSV only, the header included.
std::vector<SimpleRecord> simple_records(std::string_view csv) {
  std::vector<SimpleRecord> records;
  SimpleRecord record;
  SimpleCell cell;
  std::size_t line = 1;
  bool inside = false, fresh = true;
  const auto end_cell = [&] { record.push_back(std::move(cell)), cell = {}, fresh = true; };
  for (std::size_t i = 0; i < csv.size(); ++i) {
    const char c = csv[i];
    if (fresh) cell.line = line;
    if (c == '\n') ++line;
    if (inside) {
      if (c != '"') {
        cell.text += c;
      } else if (i + 1 < csv.size() && csv[i + 1] == '"') {
        cell.text += '"', ++i;
      } else {
        inside = false;
      }
    } else if (fresh && c == '"') {
      inside = cell.quoted = true;
      fresh = false;
    } else if (c == ',') {
      end_cell();
    } else if (c == '\n') {
      end_cell();
      const bool blank = record.size() == 1 && record[0].text.empty() && !record[0].quoted;
      if (!blank || (!records.empty() && records[0].size() == 1)) records.push_back(record);
      record.clear();
    } else if (c != '\r') {
      cell.text += c, fresh = false;
    }
  }
  return records;
}

// By the C library, in the grammar that csv.h promises.
std::optional<double> simple_number(const std::string& text) {
  const std::size_t from = text.find_first_not_of(" \t");
  if (from == text.npos) return std::nullopt;
  const std::string bare = text.substr(from, text.find_last_not_of(" \t") + 1 - from);
  if (bare.front() == '+' || bare.find_first_not_of("0123456789.-+e") != bare.npos) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(bare.c_str(), &end);
  if (*end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> simple_integer(const std::string& text) {
  if (!simple_number(text) || text.find_first_of(".e") != text.npos) return std::nullopt;
  errno = 0;
  const long long value = std::strtoll(text.c_str(), nullptr, 10);
  if (errno != 0) return std::nullopt;
  return value;
}

// What is wrong with `table`, or nothing.
std::string difference(const Table& table, const std::vector<SimpleRecord>& records) {
  if (table.rows() != static_cast<std::int64_t>(records.size()) - 1)
    return fmt::format("{} rows, not {}", table.rows(), records.size() - 1);
  for (std::size_t at = 0; at < records[0].size(); ++at) {
    const Column& column = table.columns()[at];
    bool any = false, i64 = true, f64 = true, boolean = true;
    for (std::size_t row = 1; row < records.size(); ++row) {
      const std::string& text = records[row][at].text;
      if (text.empty()) continue;
      any = true;
      i64 = i64 && simple_integer(text);
      f64 = f64 && simple_number(text);
      boolean = boolean && (text == "true" || text == "False");
    }
    const ColumnType type = !any      ? ColumnType::f64
                            : i64     ? ColumnType::i64
                            : f64     ? ColumnType::f64
                            : boolean ? ColumnType::boolean
                                      : ColumnType::utf8;
    if (column.type() != type)
      return fmt::format("column {} is {}, not {}", at, name_of(column.type()), name_of(type));
    std::int64_t nulls = 0;
    for (std::size_t row = 1; row < records.size(); ++row) {
      const auto i = static_cast<std::int64_t>(row) - 1;
      const SimpleCell& cell = records[row][at];
      const bool null = cell.text.empty() && !(type == ColumnType::utf8 && cell.quoted);
      nulls += null ? 1 : 0;
      const std::string where = fmt::format("row {}, column {}: \"{}\"", row, at, cell.text);
      if (column.is_null(i) != null) return where + " null";
      if (type == ColumnType::utf8 && column.utf8(i) != cell.text) return where;
      if (null) continue;
      if (type == ColumnType::i64 && column.i64(i) != *simple_integer(cell.text)) return where;
      if (type == ColumnType::boolean && column.boolean(i) != (cell.text == "true")) return where;
      if (type == ColumnType::f64 && std::bit_cast<std::uint64_t>(column.f64(i)) !=
                                         std::bit_cast<std::uint64_t>(*simple_number(cell.text)))
        return where;
    }
    if (column.null_count() != nulls) return fmt::format("column {}: null count", at);
  }
  return {};
}

// How it is read.
struct Way {
  CsvPath path;
  std::size_t block;
};

TablePtr read(std::string_view csv, const Way& way, const TableSchema& declared = {}) {
  const CsvBlocks blocks = [&](const auto& use) {
    for (std::size_t at = 0; at < csv.size(); at += way.block)
      if (!use(csv.substr(at, way.block))) return;
  };
  return read_csv_blocks(blocks, csv.size(), {.declared = declared, .source = "x.csv"}, way.path);
}

std::vector<Way> ways(std::mt19937_64& random) {
  std::vector<Way> all;
  for (const Cpu& cpu : {Cpu{}, Cpu::here()}) {
    all.push_back({{.cpu = cpu}, std::size_t{1} << 20});
    for (int i = 0; i < 4; ++i)
      all.push_back({{.cpu = cpu, .window_bytes = 1 + random() % 300, .sample_bytes = 1 + random() % 200},
                     1 + random() % (i < 2 ? 90 : 2000)});
  }
  return all;
}

std::string digits(std::mt19937_64& random, std::size_t most) {
  std::string text;
  for (std::size_t n = random() % (most + 1); text.size() < n;) text += static_cast<char>('0' + random() % 10);
  return text;
}

// A cell as it is written; the later the row, the odder may it be, so that guesses of the first rows fail.
std::string random_cell(std::mt19937_64& random, int kind) {
  const auto pick = [&](auto... options) {
    const std::string all[] = {options...};
    return all[random() % sizeof...(options)];
  };
  const std::string sign = random() % 3 == 0 ? "-" : "";
  if (random() % 8 == 0) return random() % 4 == 0 ? "\"\"" : "";
  switch (kind) {
    case 0:
      return sign + digits(random, 18) + "7";
    case 1:
      return sign + digits(random, 3) + "1." + digits(random, 6);
    case 2:
      return sign + digits(random, 4) + "." + digits(random, 20) + "5";
    case 3:
      return format_f64(std::bit_cast<double>(random() % (std::uint64_t{2046} << 52)));
    case 4:
      return pick("true", "False");
    case 5:
      return pick("-0", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "00012", " 7 ",
                  "\"12\"", "18446744073709551616", "0000000000000000000000001");
    case 6:
      return pick("0.5", ".5", "5.", "-0.0", "1e5", "\"1.25\"", "9007199254740993.0", "0.1000000000000000055511151",
                  "9007199254740992.5", "4503599627370496.5", "1.00000000000000011102");
    case 7:
      return pick("-", ".", "-.", "1.2.3", "--1", "1-1", "+1", "true", "0x1");
    case 8:
      return pick("x", "a longer text than sixteen bytes", "\xC3\xBC", "\"a,b\"", "\"say \"\"x\"\"\"", "\"two\nlines\"",
                  "\"\r\n\"", "\"\"\"\"", "\"\xE2\x82\xAC, \"\"\"\"\"", " blanks ");
    default:
      return pick("plain \"quotes\" inside", "5\"", "a\"b");
  }
}

std::string random_csv(std::mt19937_64& random) {
  const std::size_t columns = 1 + random() % 6, rows = random() % 60;
  const std::string line_end = random() % 3 == 0 ? "\r\n" : "\n";
  std::string csv;
  std::vector<int> kinds, later;
  for (std::size_t i = 0; i < columns; ++i) {
    csv += (i == 0 ? "c" : ",c") + std::to_string(i);
    kinds.push_back(static_cast<int>(random() % 10));
    later.push_back(random() % 2 == 0 ? kinds.back() : static_cast<int>(random() % 10));
  }
  csv += line_end;
  const std::size_t turn = random() % 60;
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t i = 0; i < columns; ++i) {
      if (i != 0) csv += ',';
      csv += random_cell(random, row < turn ? kinds[i] : later[i]);
    }
    csv += line_end;
    if (random() % 40 == 0) csv += line_end;
  }
  return csv;
}

TEST_CASE("CSV: every way of reading equals the simple reader") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 600; ++round) {
    const std::string csv = random_csv(random);
    const auto records = simple_records(csv);
    for (const Way& way : ways(random)) {
      const std::string wrong = difference(*read(csv, way), records);
      if (!wrong.empty()) FAIL(wrong << "\nwindow " << way.path.window_bytes << ", block " << way.block << "\n" << csv);
    }
  }
}

TEST_CASE("CSV: an error is worded the same whichever way finds it, with its line and column") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const Way plain{{.cpu = {}, .window_bytes = 1, .sample_bytes = 1}, 1};  // cell by cell
  const std::string wrongs[] = {"1,2,3,4,5,6,7\n", "\"x\"y\n", std::string("\0", 1), "\xC3,", "\r", "\"open", "a,b\rc\n"};
  int refused = 0;
  for (int round = 0; round < 600; ++round) {
    std::string csv = random_csv(random);
    if (round % 3 != 0) csv.insert(random() % (csv.size() + 1), wrongs[random() % std::size(wrongs)]);
    const TableSchema declared = {{"c0", static_cast<ColumnType>(random() % 4)}, {"c2", ColumnType::i64}};
    const auto outcome = [&](const Way& way) {
      try {
        return write_csv(*read(csv, way, declared));
      } catch (const Error& error) {
        ++refused;
        return fmt::format("{} {}", static_cast<int>(error.code()), error.message());
      }
    };
    const std::string wanted = outcome(plain);
    for (const Way& way : ways(random))
      if (const std::string got = outcome(way); got != wanted) FAIL(got << "\n---\n" << wanted << "\n---\n" << csv);
  }
  CHECK(refused > 1000);
}

TEST_CASE("CSV: a bad cell or row far down a large file is told with its line and column") {
  std::string csv = "a,b\n";
  for (int i = 0; i < 50'000; ++i) csv += std::to_string(i) + ",\"two\nlines\"\n";
  const auto message = [](const std::string& text) {
    return error_of([&] { read_csv(text, {.declared = {{"a", ColumnType::i64}}, .source = "x.csv"}); }).message();
  };
  CHECK(message(csv + "late,x\n" + csv.substr(4)) == "x.csv, line 100002: column 1 \"a\": \"late\" is not of type i64");
  CHECK(contains(message(csv + "1\n" + csv.substr(4)), "x.csv, line 100002: 1 cells where the header has 2"));
  CHECK(contains(message(csv + "1,\"" + csv.substr(4, 500)), "x.csv, line 100002: text after the closing quote"));
}

TEST_CASE("CSV: quotients of digits by powers of ten are those of strtod") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  int undecided = 0;
  for (int i = 0; i < 400'000; ++i) {
    const std::uint64_t whole = random() >> random() % 64;
    // Every other is near a half between two doubles, where rounding is decided.
    const std::uint64_t number = i % 2 == 0 || whole < (std::uint64_t{1} << 54)
                                     ? whole
                                     : (whole & ~std::uint64_t{0x7FF}) + 0x400 + random() % 3 - 1;
    const auto fraction = static_cast<unsigned>(random() % 28);
    double value = 0;
    if (!quotient(number, fraction, value)) {
      ++undecided;
      continue;
    }
    const std::string text = fmt::format("{}e-{}", number, fraction);
    if (std::bit_cast<std::uint64_t>(value) != std::bit_cast<std::uint64_t>(std::strtod(text.c_str(), nullptr))) FAIL(text);
  }
  CHECK(undecided < 4'000);
}

}  // namespace
}  // namespace assay::test
