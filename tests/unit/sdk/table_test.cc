// SPDX-License-Identifier: Apache-2.0
// Tables written and read back: every type, nulls, slices, parents with their own offset and validity.
#include <cmath>

#include "assay/testing.hpp"
#include "tests/support/catch.h"

namespace assay::test {

using namespace assay::sdk;
using namespace assay::sdk::testing;

namespace {

FakeData every_type() {
  return FakeData()
      .f64("f", {0.5, {}, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, {}})
      .i64("i", {0, 1, {}, 3, 4, 5, 6, 7, 8, 9})
      .boolean("b", {true, false, true, {}, true, false, true, true, false, true})
      .utf8("u", {"zero", "", "two", "three", {}, "five", "six", "seven", "eight", "nine"});
}

Answer& read(const Table& table, std::int64_t first, std::int64_t count, Answer& out) {
  table.export_schema(&out.raw_schema);
  table.export_rows(first, count, &out.raw_rows);
  out.adopt();
  return out;
}

}  // namespace

TEST_CASE("Table: every slice reads as the same rows of the whole") {
  const FakeData data = every_type();
  Answer whole_answer;
  const Batch whole = read(data.table(), 0, 10, whole_answer).rows();
  for (std::int64_t first = 0; first < 10; ++first) {
    Answer answer;
    const Batch slice = read(data.table(), first, 10 - first, answer).rows();
    for (std::int64_t row = 0; row < slice.rows(); ++row) {
      const std::int64_t at = first + row;
      for (const char* name : {"f", "i", "b", "u"})
        REQUIRE(slice.column(name).is_null(row) == whole.column(name).is_null(at));
      CHECK((slice.number(0, row) == whole.number(0, at) || std::isnan(whole.number(0, at))));
      CHECK(slice.column("i").i64()[static_cast<std::size_t>(row)] ==
            whole.column("i").i64()[static_cast<std::size_t>(at)]);
      CHECK(slice.column("b").boolean(row) == whole.column("b").boolean(at));
      CHECK(slice.column("u").text(row) == whole.column("u").text(at));
    }
  }
}

TEST_CASE("Table: an offset and a validity bitmap of the parent apply to its children") {
  const FakeData data = every_type();
  Answer answer;
  read(data.table(), 0, 10, answer);
  const std::uint8_t validity[] = {0b11011111, 0b11};
  answer.raw_rows.offset = 2;
  answer.raw_rows.length = 5;
  answer.raw_rows.null_count = -1;
  answer.raw_rows.buffers[0] = validity;
  const Batch batch = answer.rows();
  CHECK(batch.rows() == 5);
  CHECK(batch.column("f").number(0) == 2.5);
  CHECK(batch.column("i").is_null(0));
  CHECK(batch.column("u").text(1) == "three");
  CHECK(std::isnan(batch.column("f").number(3)));  // row 5 of the parent is null
  CHECK_FALSE(batch.column("f").is_null(4));
}

TEST_CASE("Table: a reader of another type, a missing column and a foreign batch are errors that name it") {
  const FakeData data = every_type();
  Answer answer;
  const Batch batch = read(data.table(), 0, 10, answer).rows();
  CHECK_THROWS_WITH(batch.column("u").number(0), "column 'u' is utf8, not a number");
  CHECK_THROWS_WITH(batch.column("f").i64(), "column 'f' is f64, not i64");
  CHECK_THROWS_WITH(batch.column("ff"), "column 'ff' is missing; the nearest name is 'f'");
  CHECK_THROWS_AS(Batch(Schema{{"only", Type::f64}}, answer.raw_rows), Error);
  answer.raw_rows.length = 11;
  CHECK_THROWS_WITH(answer.rows().column("f"), "column 'f' is shorter than its batch");
}

TEST_CASE("Table: columns of unequal length and values of another type are bugs that are told") {
  Table table({{"a", Type::f64}, {"b", Type::i64}});
  table.column(0).f64(1);
  ArrowArray out{};
  CHECK_THROWS_AS(table.export_all(&out), Error);
  CHECK(out.release == nullptr);
  CHECK_THROWS_WITH(table.column(1).f64(1), "column 'b' of a result takes i64, not f64");
}

TEST_CASE("Table: a dictionary-encoded column is present but of no readable type") {
  const FakeData data = every_type();
  ArrowSchema schema{};
  data.table().export_schema(&schema);
  ArrowSchema dictionary{};
  schema.children[3]->dictionary = &dictionary;
  CHECK(Schema::copy(schema)[3].type == Type::other);
  schema.children[3]->dictionary = nullptr;
  schema.release(&schema);
}

}  // namespace assay::test
