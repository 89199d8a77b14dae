// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/json_rows.h"

#include "registry/compute/csv.h"
#include "registry/compute/literal.h"
#include "tests/support/catch.h"
#include "tests/unit/compute/errors.h"

namespace assay::test {
namespace {

std::string refused(std::string_view json, const TableSchema& declared = {}) {
  return error_of([&] { read_json_rows(json, declared); }).message();
}

TEST_CASE("JSON rows: types are guessed; missing keys and null are null") {
  const TablePtr table = read_json_rows(R"({"rows":[{"a":1,"b":"x","c":true},{"a":2.5,"d":null},{}]})", {});
  CHECK(write_csv(*table) == "a,b,c,d\n1,x,true,\n2.5,,,\n,,,\n");
  CHECK(table->schema()[0].type == ColumnType::f64);
}

TEST_CASE("JSON rows: declared columns take their type or the value is refused") {
  const TablePtr table = read_json_rows(
      R"({"rows":[{"i":3.0,"t":7,"b":1,"f":2}]})",
      {{"i", ColumnType::i64}, {"t", ColumnType::utf8}, {"b", ColumnType::boolean}, {"f", ColumnType::f64}});
  // Members of a JSON object have no order; they come sorted.
  CHECK(write_csv(*table) == "b,f,i,t\ntrue,2,3,7\n");
  CHECK(refused(R"({"rows":[{"i":1},{"i":"two"}]})", {{"i", ColumnType::i64}}) ==
        R"(rows[1], column "i": "two" is not of type i64)");
  CHECK(contains(refused(R"({"rows":[{"i":18446744073709551615}]})", {{"i", ColumnType::i64}}),
                 "not of type i64"));
}

TEST_CASE("JSON rows: another shape says which one is wanted") {
  for (const char* json : {"[]", "{}", R"({"rows":{}})", R"({"rows":5})"})
    CHECK(contains(refused(json), R"({"rows":[{"column":value)"));
  CHECK(contains(refused(R"({"rows":[1]})"), "rows[0] is not an object"));
  CHECK(contains(refused(R"({"rows":[{"a":1},{"a":"x"}]})"), "column \"a\" mixes"));
  CHECK(contains(refused(R"({"rows":[{"a":[1]}]})"), "\"a\""));
  CHECK(contains(refused("{"), "the request body"));
}

TEST_CASE("JSON rows: a cell takes room in every row, so cells are bounded and not only rows and columns") {
  std::string wide = R"({"rows":[{"c0":1)";
  for (int i = 1; i < 1024; ++i) wide += ",\"c" + std::to_string(i) + "\":1";
  const auto rows = [&](std::size_t count) {
    std::string text = wide + "}";
    for (std::size_t i = 1; i < count; ++i) text += ",{}";
    return text + "]}";
  };
  CHECK(read_json_rows(rows(8192), {})->rows() == 8192);
  const Error error = error_of([&] { read_json_rows(rows(8193), {}); });
  CHECK(error.code() == Code::too_large);
  CHECK(contains(error.message(), "8193 rows of 1024 columns are more than 8388608 cells; send CSV"));
}

TEST_CASE("JSON rows: zero keeps its sign") {
  const TablePtr table = read_json_rows(R"({"rows":[{"a":-0.0},{"a":0.5}]})", {});
  CHECK(write_json_rows(*table) == R"({"rows":[{"a":-0.0},{"a":0.5}]})");
}

TEST_CASE("JSON rows: a refusal quotes whole characters of a long cell") {
  std::string cell;
  for (int i = 0; i < 60; ++i) cell += "ü";
  const std::string message = refused(R"({"rows":[{"a":")" + cell + R"("}]})", {{"a", ColumnType::f64}});
  CHECK(contains(message, "\"üü"));
  CHECK(is_utf8(message));
}

TEST_CASE("JSON rows: what is written has both tables' columns and every bit") {
  const TablePtr first = read_json_rows(R"({"rows":[{"a":0.1,"t":"ü\"\n"},{"a":null,"t":"x"}]})", {});
  Column added({"prediction", ColumnType::f64});
  added.append(1.0 / 3);
  added.append_null();
  const Table second({added});
  CHECK(
      write_json_rows(*first, &second) ==
      R"({"rows":[{"a":0.1,"t":"ü\"\n","prediction":0.3333333333333333},{"a":null,"t":"x","prediction":null}]})");
  CHECK(write_json_rows(*read_json_rows(R"({"rows":[]})", {})) == R"({"rows":[]})");
}

}  // namespace
}  // namespace assay::test
