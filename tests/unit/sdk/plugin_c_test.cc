// SPDX-License-Identifier: Apache-2.0
// plugin_c.h: its tables are read, and its bytes written and read, by the C++ layer.
#include "assay/testing.hpp"
#include "tests/support/catch.h"

extern "C" {
assay_status c_table(const assay_call*, int rows, ArrowSchema*, ArrowArray*);
assay_status c_wrong_cell(const assay_call*, ArrowSchema*, ArrowArray*);
assay_status c_save(const assay_call*, const assay_sink*);
assay_status c_load(const assay_call*, const assay_source*, std::int64_t* i, double* f);
double c_number(const ArrowSchema*, const ArrowArray*, std::int64_t column, std::int64_t row);
}

namespace assay::test {

using namespace assay::sdk;
using namespace assay::sdk::testing;

TEST_CASE("C helpers: a table of every type arrives as it was filled, nulls included") {
  FakeCall call;
  Answer answer;
  REQUIRE(c_table(&call.raw, 2, &answer.raw_schema, &answer.raw_rows) == ASSAY_OK);
  answer.adopt();
  const Batch rows = answer.rows();
  REQUIRE(rows.rows() == 2);
  CHECK(rows.column("f").number(0) == 1.5);
  CHECK(rows.column("i").number(0) == -3);
  CHECK(rows.column("b").boolean(0));
  CHECK(rows.column("t").text(0) == "text");
  CHECK(rows.column("l").list(0).size() == 3);
  CHECK(rows.column("l").list(0)[2] == 9);
  for (std::size_t i = 0; i < rows.columns(); ++i) CHECK(rows.column(i).is_null(1));
  Answer empty;
  REQUIRE(c_table(&call.raw, 0, &empty.raw_schema, &empty.raw_rows) == ASSAY_OK);
  empty.adopt();
  CHECK(empty.rows().rows() == 0);
  CHECK(empty.schema().size() == 5);
}

TEST_CASE("C helpers: a cell of the wrong type is INTERNAL and leaves the outputs untouched") {
  FakeCall call;
  Answer answer;
  CHECK(c_wrong_cell(&call.raw, &answer.raw_schema, &answer.raw_rows) == ASSAY_E_INTERNAL);
  CHECK(answer.raw_schema.release == nullptr);
  CHECK(answer.raw_rows.release == nullptr);
  CHECK(call.failures == 1);
}

TEST_CASE("C helpers: sealed bytes are those of the C++ layer, and every altered or missing byte is noticed") {
  FakeCall call;
  FakeBundle bundle;
  bundle.step_bytes = 7;
  FakeStore store(bundle);
  REQUIRE(c_save(&call.raw, &store.sink) == ASSAY_OK);
  ByteWriter same;
  same.text("name");
  same.i64(-2);
  same.f64(0.1);
  const std::string sealed = seal("format/1", same.take());
  CHECK(bundle.entries[0].second == sealed);
  const auto load = [&](const std::string& bytes) {
    FakeBundle changed;
    changed.entries = {{"entry", bytes}};
    FakeStore from(changed);
    FakeCall quiet;
    std::int64_t i = 0;
    double f = 0;
    const assay_status status = c_load(&quiet.raw, &from.source, &i, &f);
    if (status == ASSAY_OK) CHECK((i == -2 && f == 0.1));
    return status;
  };
  CHECK(load(sealed) == ASSAY_OK);
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    std::string altered = sealed;
    altered[at] = static_cast<char>(altered[at] ^ 1);
    CHECK(load(altered) == ASSAY_E_CORRUPT_ARTIFACT);
    CHECK(load(sealed.substr(0, at)) == ASSAY_E_CORRUPT_ARTIFACT);
  }
}

TEST_CASE("C helpers: cells count from the batch's offset, and null is NaN") {
  const FakeData data = Rows().f64("x", {1, {}, 3}).i64("n", {4, 5, 6}).boolean("b", {false, true, {}});
  ArrowSchema schema{};
  ArrowArray batch{};
  data.table().export_schema(&schema);
  data.table().export_rows(1, 2, &batch);
  CHECK(std::isnan(c_number(&schema, &batch, 0, 0)));
  CHECK(c_number(&schema, &batch, 0, 1) == 3);
  CHECK(c_number(&schema, &batch, 1, 0) == 5);
  CHECK(c_number(&schema, &batch, 2, 0) == 1);
  CHECK(std::isnan(c_number(&schema, &batch, 2, 1)));
  schema.release(&schema);
  batch.release(&batch);
}

}  // namespace assay::test
