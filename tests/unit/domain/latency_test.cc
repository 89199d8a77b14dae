// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/latency.h"

#include "tests/support/catch.h"

namespace assay::test {
namespace {

std::vector<std::chrono::nanoseconds> up_to(int milliseconds) {
  std::vector<std::chrono::nanoseconds> out;
  for (int i = milliseconds; i >= 1; --i) out.push_back(std::chrono::milliseconds(i));
  return out;
}

}  // namespace

TEST_CASE("Latency: a quantile is the smallest time that so many calls took no longer than") {
  const auto rows = latency_rows(up_to(200), "1_row");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0] == MetricRow{"latency_p50_ms", 100.0, {}, {}, "1_row", 200, false});
  CHECK(rows[1].value == 180.0);
  CHECK(rows[2].value == 198.0);
}

TEST_CASE("Latency: a quantile that no call stands behind is none") {
  const auto p99 = [](int calls) { return latency_rows(up_to(calls), "1_row").at(2).value; };
  CHECK(p99(100) == 99.0);
  CHECK_FALSE(p99(99));
  CHECK_FALSE(latency_rows({}, "1_row").at(0).value);
  CHECK(latency_rows(up_to(2), "1_row").at(0).value == 1.0);
}

TEST_CASE("Latency: a slice says how many rows a call has, and nothing else is such a slice") {
  for (const std::int64_t rows : {1, 2, 1000, 100'000}) CHECK(rows_of_batch(batch_slice(rows)) == rows);
  CHECK(batch_slice(1) == "1_row");
  for (const char* other : {"", "row", "1_rows", "2_row", "0_rows", "-1_rows", "01_row", "1_row ", "region=EU"})
    CHECK_FALSE(rows_of_batch(other));
}

}  // namespace assay::test
