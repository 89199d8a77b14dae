// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/cast.h"

#include "registry/compute/csv.h"
#include "tests/support/catch.h"
#include "tests/unit/compute/errors.h"

namespace assay::test {
namespace {

TablePtr cast(std::string_view csv, const TableSchema& declared) {
  return cast_table(*read_csv(csv), declared, "new.csv", "default/churn@3");
}

TEST_CASE("Cast: a missing column names the nearest present one and the repair") {
  const Error error = error_of([] {
    cast("dep_hours,temp\n1,2\n", {{"temp", ColumnType::f64}, {"dep_hour", ColumnType::i64}});
  });
  CHECK(error.code() == Code::invalid_argument);
  CHECK(error.message() ==
        "new.csv has no column \"dep_hour\", which default/churn@3 needs; the nearest is \"dep_hours\": "
        "rename it to "
        "\"dep_hour\"");
  CHECK(contains(error_of([] { cast("x\n1\n", {{"carrier", ColumnType::utf8}}); }).message(), "add it"));
}

TEST_CASE("Cast: columns come in declared order and type, others are dropped") {
  const TablePtr table =
      cast("extra,i,f,b,t\n9,1,2.0,true,7\n8,0,,false,\n",
           {{"t", ColumnType::utf8}, {"i", ColumnType::f64}, {"f", ColumnType::i64}, {"b", ColumnType::f64}});
  CHECK(write_csv(*table) == "t,i,f,b\n7,1,2,1\n,0,,0\n");
  CHECK(table->schema()[2].type == ColumnType::i64);
}

TEST_CASE("Cast: 0 and 1 are truths, truths are numbers") {
  CHECK(write_csv(*cast("a,b\n0,true\n1,false\n", {{"a", ColumnType::boolean}, {"b", ColumnType::i64}})) ==
        "a,b\nfalse,1\ntrue,0\n");
}

TEST_CASE("Cast: a value that does not fit names its row and column") {
  const auto refused = [](std::string_view csv, const ColumnSpec& spec) {
    return error_of([&] { cast(csv, {spec}); }).message();
  };
  CHECK(refused("a\n1\n1.5\n", {"a", ColumnType::i64}) ==
        "new.csv, column \"a\", row 2: \"1.5\" is not of type i64, which default/churn@3 needs");
  CHECK(contains(refused("a\n2\n", {"a", ColumnType::boolean}), "row 1: \"2\" is not of type bool"));
  CHECK(contains(refused("a\nx\n", {"a", ColumnType::f64}), "row 1: \"x\" is not of type f64"));
  CHECK(contains(refused("a\n1e300\n", {"a", ColumnType::i64}), "not of type i64"));
  CHECK(contains(refused("a\nnan\n", {"a", ColumnType::i64}), "not of type i64"));
}

TEST_CASE("Cast: a column of nulls becomes anything") {
  for (const ColumnType type : {ColumnType::f64, ColumnType::i64, ColumnType::boolean, ColumnType::utf8})
    CHECK(cast("a,b\n,1\n,2\n", {{"a", type}})->columns()[0].null_count() == 2);
}

TEST_CASE("Cast: no declared columns leave the rows") {
  CHECK(cast("a\n1\n2\n", {})->rows() == 2);
}

}  // namespace
}  // namespace assay::test
