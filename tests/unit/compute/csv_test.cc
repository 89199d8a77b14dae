// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/csv.h"

#include <cmath>
#include <fstream>
#include <random>

#include "registry/compute/literal.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/compute/errors.h"

namespace assay::test {
namespace {

std::string types(std::string_view csv) {
  std::string text;
  for (const ColumnSpec& column : read_csv(csv)->schema()) text += std::string(name_of(column.type)) + ' ';
  return text;
}

std::string refused(std::string_view csv, const TableSchema& declared = {}) {
  const Error error = error_of([&] { read_csv(csv, {.declared = declared, .source = "x.csv"}); });
  CHECK(error.code() == Code::invalid_argument);
  return error.message();
}

TEST_CASE("CSV: types are guessed from the whole file, the narrowest that holds every cell") {
  CHECK(types("a,b,c,d,e\n1,1.5,true,x,\n-2,3,False,1,\n") == "i64 f64 bool utf8 f64 ");
  CHECK(types("a\n1\n2\nx\n") == "utf8 ");
  CHECK(types("a\n1\n2.5\n") == "f64 ");
  CHECK(types("a\n1\n99999999999999999999\n") == "f64 ");
  CHECK(types("a\n9223372036854775807\n-9223372036854775808\n") == "i64 ");
  CHECK(types("a\n1e5\nnan\n-inf\n.5\n1.\n") == "f64 ");
  CHECK(types("a\n1e999\n") == "utf8 ");
  CHECK(types("a\n0x10\n") == "utf8 ");
  CHECK(types("a\n+1\n") == "utf8 ");
  CHECK(types("a\ntrue\n1\n") == "utf8 ");
  CHECK(types("a,b\n 1 , 2.5\n3,4\n") == "i64 f64 ");
}

TEST_CASE("CSV: an empty cell is null, an empty quoted text is not") {
  const TablePtr table = read_csv("n,t\n1,x\n,\n3,\"\"\n\"\",y\n");
  CHECK(table->columns()[0].null_count() == 2);
  CHECK(table->columns()[1].null_count() == 1);
  CHECK(table->columns()[1].is_null(1));
  CHECK(table->columns()[1].utf8(2).empty());
  CHECK_FALSE(table->columns()[1].is_null(2));
}

TEST_CASE("CSV: quotes, line ends, a byte order mark and a missing last line end") {
  const TablePtr table =
      read_csv("\xEF\xBB\xBF\"a b\",\"say \"\"x\"\"\"\r\n\"1,2\",\"two\r\nlines\"\r\nplain \"q\",\"\"\"\"");
  CHECK(table->schema() == TableSchema{{"a b", ColumnType::utf8}, {"say \"x\"", ColumnType::utf8}});
  CHECK(table->columns()[0].utf8(0) == "1,2");
  CHECK(table->columns()[1].utf8(0) == "two\r\nlines");
  CHECK(table->columns()[0].utf8(1) == "plain \"q\"");
  CHECK(table->columns()[1].utf8(1) == "\"");
}

TEST_CASE("CSV: blank lines are skipped, except that one column has a null there") {
  CHECK(read_csv("a,b\n1,2\n\n3,4\n\n\n")->rows() == 2);
  const TablePtr one = read_csv("a\n1\n\n2\n");
  CHECK(one->rows() == 3);
  CHECK(one->columns()[0].is_null(1));
}

TEST_CASE("CSV: a header alone is a table without rows") {
  CHECK(read_csv("a,b\n")->rows() == 0);
  CHECK(read_csv("a,b")->columns().size() == 2);
  CHECK(contains(refused(""), "x.csv is empty"));
  CHECK(contains(refused("\xEF\xBB\xBF"), "x.csv is empty"));
}

TEST_CASE("CSV: a file cut off in its last line says so") {
  CHECK(refused("a,b,c\n1,2,3\n4,5") ==
        "x.csv, line 3: 2 cells where the header has 3, and the file ends there without a line end: it looks "
        "cut off; "
        "copy or export it again");
  CHECK(contains(refused("a,b\n1,\"tw"),
                 "x.csv, line 2: a quote is opened here and never closed: the file is cut off"));
}

TEST_CASE("CSV: ragged rows name the line and what to do") {
  CHECK(refused("a,b,c\n1,2,3\n4,5\n6,7,8\n") ==
        "x.csv, line 3: 2 cells where the header has 3; column \"c\" and what follows it are missing");
  CHECK(contains(refused("a,b\n1,2\n1,2,3\n"),
                 "line 3: 3 cells where the header has 2; put cells that hold a comma in"));
  // Lines are counted as an editor shows them, quoted line ends included.
  CHECK(contains(refused("a,b\n\"x\ny\nz\",1\n4\n"), "x.csv, line 5"));
}

TEST_CASE("CSV: headers that cannot be addressed are refused") {
  CHECK(refused("a,b,a\n") == "x.csv, line 1: two columns are called \"a\"; rename one of them");
  CHECK(contains(refused(",a\n0,1\n"), "column 1 has no name"));
  CHECK(contains(refused("a;b\n1;2\n"), "not semicolons"));
  CHECK(contains(refused("a\tb\n1\t2\n"), "not tabs"));
  CHECK(contains(refused("a,\xFF\n"), "name of column 2 is not UTF-8"));
}

TEST_CASE("CSV: bytes that are not text are refused with their line") {
  CHECK(contains(refused("a,b\n1,x\n2,\xC3\x28\n"), "x.csv, line 3: column 2 \"b\": not UTF-8"));
  CHECK(contains(refused("a,b\n1,\xED\xA0\x80\n"), "not UTF-8"));
  CHECK(contains(refused(std::string("a,b\n1,\0x\n", 9)), "x.csv, line 2: a NUL byte"));
  CHECK(contains(refused("a\r1\r"), "a carriage return without a line feed"));
  CHECK(contains(refused("a,b\n\"x\"y,1\n"), "line 2: text after the closing quote of cell 1"));
}

TEST_CASE("CSV: a cell that is not of its declared type names line, column and value") {
  CHECK(refused("a,hour\n1,7\n2,late\n", {{"hour", ColumnType::i64}}) ==
        "x.csv, line 3: column 2 \"hour\": \"late\" is not of type i64");
}

TEST_CASE("CSV: declared columns keep their type whatever the cells look like") {
  const TablePtr table =
      read_csv("zip,n,b,f\n07001,3.0,1,2\n,,,\n", {.declared = {{"zip", ColumnType::utf8},
                                                                {"n", ColumnType::i64},
                                                                {"b", ColumnType::boolean},
                                                                {"f", ColumnType::f64},
                                                                {"absent", ColumnType::i64}}});
  CHECK(table->columns()[0].utf8(0) == "07001");
  CHECK(table->columns()[1].i64(0) == 3);
  CHECK(table->columns()[2].boolean(0));
  CHECK(table->columns()[3].f64(0) == 2.0);
  CHECK(table->columns()[0].is_null(1));
}

TEST_CASE("CSV: limits hold at the limit and fail one past it") {
  const auto header = [](std::size_t columns) {
    std::string text = "c0";
    for (std::size_t i = 1; i < columns; ++i) text += ",c" + std::to_string(i);
    return text + "\n";
  };
  CHECK(read_csv(header(kMaxCsvColumns))->columns().size() == kMaxCsvColumns);
  CHECK(error_of([&] { read_csv(header(kMaxCsvColumns + 1)); }).code() == Code::too_large);
  const auto cell = [](std::size_t size, const char* quote) {
    return "a\n" + std::string(quote) + std::string(size, 'x') + quote + "\n";
  };
  for (const char* quote : {"", "\""}) {
    CHECK(read_csv(cell(kMaxCsvCellBytes, quote))->columns()[0].utf8(0).size() == kMaxCsvCellBytes);
    CHECK(error_of([&] { read_csv(cell(kMaxCsvCellBytes + 1, quote)); }).code() == Code::too_large);
  }
}

TEST_CASE("CSV: a file reads as its bytes do, wherever the blocks end") {
  const TempDir folder;
  std::string csv = "id,text,number\n";
  for (int i = 0; csv.size() < (3u << 20); ++i)
    csv += std::to_string(i) + ",\"quoted, \"\"" + std::to_string(i) + "\"\"\n ü\"," +
           std::to_string(i * 0.1) + "\r\n";
  std::ofstream(folder / "big.csv", std::ios::binary) << csv;
  CHECK(write_csv(*read_csv_file(folder / "big.csv")) == write_csv(*read_csv(csv)));
  CHECK(error_of([&] { read_csv_file(folder / "none.csv"); }).code() == Code::not_found);
}

TEST_CASE("CSV: doubles are written in their shortest form and read back to the same bits") {
  CHECK(format_f64(0.1) == "0.1");
  CHECK(format_f64(1e300) == "1e+300");
  CHECK(format_f64(-0.0) == "-0");
  CHECK(format_f64(5) == "5");
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  Column column({"x", ColumnType::f64});
  for (int i = 0; i < 10'000; ++i) column.append(std::bit_cast<double>(random()));
  const Table table({column});
  const TablePtr back = read_csv(write_csv(table), {.declared = {{"x", ColumnType::f64}}});
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    const double left = column.f64(row), right = back->columns()[0].f64(row);
    const bool same = std::bit_cast<std::uint64_t>(left) == std::bit_cast<std::uint64_t>(right) ||
                      (std::isnan(left) && std::isnan(right));
    if (!same) FAIL(format_f64(left));
  }
}

TEST_CASE("CSV: what is written reads back equal, texts that look like anything included") {
  const std::vector<std::string> texts = {"",    "a", "a,b",  "\"", "a\nb", "a\r\nb",
                                          " a ", "ü", "\"\"", "1",  "true"};
  Column text({"te,xt", ColumnType::utf8}), number({"n", ColumnType::i64}), truth({"b", ColumnType::boolean});
  for (std::size_t i = 0; i < texts.size(); ++i) {
    text.append(std::string_view(texts[i]));
    number.append(static_cast<std::int64_t>(i) - 3);
    truth.append(i % 2 == 0);
  }
  text.append_null();
  number.append_null();
  truth.append_null();
  const Table table({text, number, truth});
  const TablePtr back = read_csv(write_csv(table), {.declared = {{"te,xt", ColumnType::utf8}}});
  CHECK(write_csv(*back) == write_csv(table));
  CHECK(back->columns()[0].is_null(table.rows() - 1));
  for (std::size_t i = 0; i < texts.size(); ++i)
    CHECK(back->columns()[0].utf8(static_cast<std::int64_t>(i)) == texts[i]);
}

TEST_CASE("CSV: a byte order mark that is part of a name is written so that it stays one") {
  const TablePtr table = read_csv("\xEF\xBB\xBF\xEF\xBB\xBF" "a,b\n1,2\n");
  CHECK(table->schema()[0].name == "\xEF\xBB\xBF" "a");
  CHECK(read_csv(write_csv(*table))->schema() == table->schema());
  Column added({"c", ColumnType::i64});
  added.append(std::int64_t{3});
  CHECK(append_csv_columns("\xEF\xBB\xBF\xEF\xBB\xBF" "a,b\n1,2\n", Table({added})) ==
        "\"\xEF\xBB\xBF" "a\",b,c\n1,2,3\n");
}

TEST_CASE("CSV: a refusal quotes whole characters of a long cell and a long header") {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "\xC3\xBC";
  const auto refused = [](const std::string& csv) {
    return error_of([&] { read_csv(csv, {.declared = {{"a", ColumnType::i64}}}); }).message();
  };
  for (const std::string& message : {refused("a\n1" + text + "\n"), refused("a" + text + ";b\n")}) {
    CHECK(contains(message, "\xC3\xBC\xC3\xBC"));
    CHECK(is_utf8(message));
  }
}

TEST_CASE("CSV: appended columns leave every cell spelled as it was") {
  const std::string input =
      "\xEF\xBB\xBF"
      "a,\"b,c\"\r\n01.50,\"x\ny\"\r\n\r\n,-0";
  Column added({"prediction", ColumnType::f64});
  added.append(0.25);
  added.append(1e-9);
  CHECK(append_csv_columns(input, Table({added})) ==
        "a,\"b,c\",prediction\n01.50,\"x\ny\",0.25\n,-0,1e-09\n");
  Column clash({"a", ColumnType::f64});
  clash.append(1.0);
  clash.append(2.0);
  CHECK(contains(error_of([&] { append_csv_columns(input, Table({clash})); }).message(),
                 "already has a column \"a\""));
}

TEST_CASE("CSV: the header alone can be read from a file that is broken further down") {
  CHECK(read_csv_header("a,b\n1\n\"") == std::vector<std::string>{"a", "b"});
  CHECK(read_csv_header("a,b") == std::vector<std::string>{"a", "b"});
}

TEST_CASE("CSV: random bytes end in a table or an Error") {
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  constexpr std::string_view letters = "ab1.,,\"\"\n\n\r \xC3\xA4-e\t;";
  for (int round = 0; round < 20'000; ++round) {
    std::string csv;
    for (std::size_t length = random() % 40; csv.size() < length;) csv += letters[random() % letters.size()];
    try {
      const TablePtr table = read_csv(csv);
      // Whatever was understood survives being written.
      const std::string written = write_csv(*table);
      if (write_csv(*read_csv(written, {.declared = table->schema()})) != written) FAIL(csv);
    } catch (const Error&) {
    }
  }
  SUCCEED();
}

}  // namespace
}  // namespace assay::test
