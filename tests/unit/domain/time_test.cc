// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/time.h"

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("Time: written with milliseconds in UTC") {
  CHECK(format_time(from_milliseconds(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(format_time(from_milliseconds(1795222923004)) == "2026-11-21T01:02:03.004Z");
  CHECK(format_time(from_milliseconds(-1)) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("Time: what it writes, it reads") {
  for (const std::int64_t value : {0LL, 1LL, -1LL, 1795222923004LL, 951782400000LL, 253402300799999LL})
    CHECK(to_milliseconds(parse_time(format_time(from_milliseconds(value)))) == value);
}

TEST_CASE("Time: other RFC 3339 spellings of the same instant") {
  const Time time = parse_time("2026-11-21T01:02:03Z");
  CHECK(parse_time("2026-11-21T02:02:03+01:00") == time);
  CHECK(parse_time("2026-11-20T20:32:03.000-04:30") == time);
  CHECK(parse_time("2026-11-21t01:02:03z") == time);
  CHECK(parse_time("2026-11-21T01:02:03.0049999Z") - time == std::chrono::milliseconds(4));
  CHECK(parse_time("2026-11-21") == parse_time("2026-11-21T00:00:00Z"));
  CHECK(parse_time("2024-02-29") - parse_time("2024-02-28") == std::chrono::days(1));
}

TEST_CASE("Time: impossible and ambiguous ones are refused") {
  for (const char* text :
       {"", "2026", "2026-13-01", "2026-02-29", "2026-00-01", "2026-11-21T01:02:03", "2026-11-21T24:00:00Z",
        "2026-11-21T01:60:00Z", "2026-11-21T23:59:60Z", "2026-11-21T01:02:03.Z", "2026-11-21T01:02:03+0100",
        "2026-11-21T01:02:03+24:00", "2026-11-21T01:02:03Zx", "yesterday"})
    CHECK_THROWS_AS(parse_time(text), Error);
}
