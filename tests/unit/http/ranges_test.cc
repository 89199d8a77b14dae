// SPDX-License-Identifier: Apache-2.0
#include "registry/http/ranges.h"

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;
using http::parse_range;
using http::PartOf;

TEST_CASE("Range: first, last and length are read as RFC 9110 says") {
  CHECK(parse_range("bytes=0-3", 10).part == PartOf{0, 4});
  CHECK(parse_range("bytes=4-", 10).part == PartOf{4, 6});
  CHECK(parse_range("bytes=-3", 10).part == PartOf{7, 3});
  CHECK(parse_range("bytes=-30", 10).part == PartOf{0, 10});
  CHECK(parse_range("bytes=8-99", 10).part == PartOf{8, 2});
  CHECK(parse_range("bytes=9-9", 10).part == PartOf{9, 1});
  CHECK(parse_range("bytes=0-18446744073709551615", 10).part == PartOf{0, 10});
}

TEST_CASE("Range: what lies outside is unsatisfiable") {
  CHECK(parse_range("bytes=10-", 10).unsatisfiable);
  CHECK(parse_range("bytes=10-12", 10).unsatisfiable);
  CHECK(parse_range("bytes=-0", 10).unsatisfiable);
  CHECK(parse_range("bytes=0-0", 0).unsatisfiable);
  CHECK(parse_range("bytes=-5", 0).unsatisfiable);
}

TEST_CASE("Range: what is not one range of bytes is ignored") {
  for (const char* field :
       {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=3-2", "bytes=0-1,3-4", "items=0-1",
        "bytes=0x1-2", "bytes=1", "bytes= -", "bytes=1-2-3", "bytes=99999999999999999999-"}) {
    CHECK_FALSE(parse_range(field, 10).part);
    CHECK_FALSE(parse_range(field, 10).unsatisfiable);
  }
}

TEST_CASE("ETag: lists are compared tag by tag") {
  CHECK(http::lists_etag("\"a\"", "\"a\""));
  CHECK(http::lists_etag("\"b\", W/\"a\"", "\"a\""));
  CHECK(http::lists_etag("*", "\"a\""));
  CHECK_FALSE(http::lists_etag("\"ab\"", "\"a\""));
  CHECK_FALSE(http::lists_etag("a", "\"a\""));
  CHECK_FALSE(http::lists_etag("", "\"a\""));
}

TEST_CASE("Repr-Digest: is written and read as RFC 9530 says") {
  // printf 'hello' | openssl dgst -sha256 -binary | base64
  const std::string hello = "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:";
  CHECK(http::repr_digest(Digest::of("hello")) == hello);
  CHECK(http::parse_repr_digest(hello) == Digest::of("hello"));
  CHECK(http::parse_repr_digest("sha-512=:AAAA:, " + hello) == Digest::of("hello"));
  CHECK(http::parse_repr_digest("sha-512=:AAAA:") == std::nullopt);
  CHECK_THROWS_AS(http::parse_repr_digest("sha-256=:AAAA:"), Error);
  CHECK_THROWS_AS(http::parse_repr_digest("sha-256=LPJN"), Error);
}
