// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/json_reader.h"

#include <nlohmann/json.hpp>

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;
using nlohmann::json;

namespace {

Code code_of(const std::string& text, const JsonLimits& limits = {}) {
  try {
    parse_json(text, "the test", limits);
  } catch (const Error& error) {
    return error.code();
  }
  return Code::internal;  // not refused
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

}  // namespace

TEST_CASE("JSON: depth and size are taken at the limit and refused one past it") {
  CHECK(parse_json(nested(32), "the test").is_array());
  CHECK(code_of(nested(33)) == Code::invalid_argument);
  CHECK(code_of(nested(100'000)) == Code::invalid_argument);
  CHECK(parse_json("[123]", "the test", {.max_bytes = 5}).is_array());
  CHECK(code_of("[1234]", {.max_bytes = 5}) == Code::too_large);
}

TEST_CASE("JSON: a member may appear once in an object, and again in another") {
  CHECK(code_of(R"({"a":1,"a":1})") == Code::invalid_argument);
  CHECK(code_of(R"({"a":1,"\u0061":1})") == Code::invalid_argument);
  CHECK(code_of(R"({"x":{"a":1,"b":2,"a":3}})") == Code::invalid_argument);
  CHECK(parse_json(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})", "the test").size() == 2);
}

TEST_CASE("JSON: broken texts are refused") {
  for (const char* text : {"", " ", "{", "[1,]", "{'a':1}", "{} {}", "nul", "\"\xff\"", "\"\\ud800\"",
                           "1e999", "NaN", "// c\n1", "\"a\nb\"", "01", "\xef\xbb\xbf"})
    CHECK(code_of(text) == Code::invalid_argument);
}

TEST_CASE("JSON object: an unknown member is named with its nearest neighbour") {
  const json document = {{"nmae", "x"}};
  JsonObject object(document, "the body");
  object.optional_text("name");
  object.optional_text("digest");
  CHECK_THROWS_WITH(object.finish(),
                    Catch::Contains("\"nmae\"") && Catch::Contains("did you mean \"name\"?"));
}

TEST_CASE("JSON object: types and ranges are checked, null is absent") {
  const json document = {
      {"n", 5},        {"f", 1.5}, {"s", "x"}, {"none", nullptr}, {"big", 18446744073709551615ull},
      {"list", {1, 2}}};
  JsonObject object(document, "the body");
  CHECK(object.integer("n", 0, 5) == 5);
  CHECK_THROWS_AS(object.integer("n", 0, 4), Error);
  CHECK_THROWS_AS(object.integer("n", 6, 9), Error);
  CHECK_THROWS_AS(object.integer("f", 0, 9), Error);
  CHECK_THROWS_AS(object.integer("big", 0, INT64_MAX), Error);
  CHECK(object.number("n") == 5.0);
  CHECK_THROWS_AS(object.text("n"), Error);
  CHECK_THROWS_AS(object.text("missing"), Error);
  CHECK_FALSE(object.optional_text("none"));
  CHECK_THROWS_AS(object.text("none"), Error);
  CHECK(object.array("list", 2).size() == 2);
  CHECK_THROWS_AS(object.array("list", 1), Error);
  CHECK_THROWS_AS(JsonObject(document["list"], "the list"), Error);
}
