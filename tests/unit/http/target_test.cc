// SPDX-License-Identifier: Apache-2.0
#include "registry/http/target.h"

#include "storage/base/error.h"
#include "tests/support/catch.h"

using assay::Error;
using assay::http::decode_segment;
using assay::http::Query;
using assay::http::Target;

TEST_CASE("Target: is split on raw slashes, before anything is decoded") {
  const Target target = Target::parse("/a/b%2Fc//d?x=1&y=%20");
  CHECK(target.path == "/a/b%2Fc//d");
  CHECK(target.segments == std::vector<std::string>{"a", "b%2Fc", "", "d"});
  CHECK(target.raw_query == "x=1&y=%20");
  CHECK(Target::parse("/").segments == std::vector<std::string>{""});
  CHECK(Target::parse("http://host:1/a").path == "/a");
  CHECK(Target::parse("http://host").path == "/");
  CHECK_THROWS_AS(Target::parse("*"), Error);
  CHECK_THROWS_AS(Target::parse("a/b"), Error);
  CHECK_THROWS_AS(Target::parse("/a#b"), Error);
  CHECK_THROWS_AS(Target::parse(""), Error);
}

TEST_CASE("Target: a segment decodes once, to clean UTF-8 that is no dot segment") {
  CHECK(decode_segment("a%2Fb") == "a/b");
  CHECK(decode_segment("%252F") == "%2F");
  CHECK(decode_segment("a+b") == "a+b");
  CHECK(decode_segment("gr%C3%BC%C3%9Fe") == "grüße");
  CHECK(decode_segment("...") == "...");
  for (const char* bad : {"%", "%2", "%zz", "%00", "a%0Ab", "%7F", "%FF", "%C3", "%C0%AF", "%ED%A0%80",
                          "%F5%80%80%80", ".", "..", "%2E%2e", "%2e"})
    CHECK_THROWS_AS(decode_segment(bad), Error);
}

TEST_CASE("Query: values are decoded, doubled ones refused, numbers bounded") {
  const Query query = Query::parse("a=1&b=x+y%26z&c&d=&a2=1&a2=2");
  CHECK(query.find("a") == "1");
  CHECK(query.find("b") == "x y&z");
  CHECK(query.find("c") == "");
  CHECK(query.find("d") == "");
  CHECK(query.find("e") == std::nullopt);
  CHECK_THROWS_AS(query.find("a2"), Error);
  CHECK(query.number("a", 7, 1, 10) == 1);
  CHECK(query.number("e", 7, 1, 10) == 7);
  CHECK_THROWS_AS(query.number("a", 7, 2, 10), Error);
  CHECK_THROWS_AS(query.number("d", 7, 2, 10), Error);
  CHECK_THROWS_AS(Query::parse("a=%00"), Error);
  CHECK_THROWS_AS(Query::parse("%"), Error);
}
