// SPDX-License-Identifier: Apache-2.0
// The examples are those of RFC 8785: 3.2.2 (the whole), 3.2.3 (sorting) and appendix B (numbers).
#include "registry/domain/canonical_json.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;
using nlohmann::json;

TEST_CASE("Canonical JSON: the example of RFC 8785") {
  const json document = json::parse(R"({
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  })");
  CHECK(canonical(document) ==
        "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
        "\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

TEST_CASE("Canonical JSON: members are sorted by UTF-16 code units") {
  const json document = json::parse(R"({
    "\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", "1": "One",
    "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", "\u00f6": "Latin Small Letter O With Diaeresis"
  })");
  std::vector<std::string> order;
  const std::string text = canonical(document);
  std::size_t last = 0;
  for (const char* value :
       {"Carriage Return", "One", "Control", "Latin Small", "Euro Sign", "Emoji", "Hebrew"}) {
    const std::size_t place = text.find(value);
    REQUIRE(place != std::string::npos);
    CHECK(place >= last);
    last = place;
  }
}

TEST_CASE("Canonical JSON: numbers as ECMAScript writes them") {
  const std::pair<std::uint64_t, const char*> samples[] = {
      {0x0000000000000000, "0"},
      {0x8000000000000000, "0"},
      {0x0000000000000001, "5e-324"},
      {0x8000000000000001, "-5e-324"},
      {0x7fefffffffffffff, "1.7976931348623157e+308"},
      {0xffefffffffffffff, "-1.7976931348623157e+308"},
      {0x4340000000000000, "9007199254740992"},
      {0xc340000000000000, "-9007199254740992"},
      {0x4430000000000000, "295147905179352830000"},
      {0x44b52d02c7e14af5, "9.999999999999997e+22"},
      {0x44b52d02c7e14af6, "1e+23"},
      {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
      {0x444b1ae4d6e2ef4e, "999999999999999700000"},
      {0x444b1ae4d6e2ef4f, "999999999999999900000"},
      {0x444b1ae4d6e2ef50, "1e+21"},
      {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
      {0x3eb0c6f7a0b5ed8d, "0.000001"},
      {0x41b3de4355555553, "333333333.3333332"},
      {0x41b3de4355555554, "333333333.33333325"},
      {0x41b3de4355555555, "333333333.3333333"},
      {0x41b3de4355555556, "333333333.3333334"},
      {0x41b3de4355555557, "333333333.33333343"},
      {0xbecbf647612f3696, "-0.0000033333333333333333"},
      {0x43143ff3c1cb0959, "1424953923781206.2"},
  };
  for (const auto& [bits, text] : samples) CHECK(canonical(json(std::bit_cast<double>(bits))) == text);
}

TEST_CASE("Canonical JSON: integers reach to 2^53 - 1, and beyond where a double is written so") {
  CHECK(canonical(json(9007199254740991)) == "9007199254740991");
  CHECK(canonical(json(-9007199254740991)) == "-9007199254740991");
  CHECK(canonical(json(9007199254740992)) == "9007199254740992");
  CHECK(canonical(json(1'000'000'000'000'000'000)) == "1000000000000000000");
  CHECK_THROWS_AS(canonical(json(9007199254740993)), Error);
  CHECK_THROWS_AS(canonical(json(-9007199254740993)), Error);
  CHECK_THROWS_AS(canonical(json(std::numeric_limits<std::uint64_t>::max())), Error);
  CHECK_THROWS_AS(canonical(json(std::numeric_limits<std::int64_t>::min())), Error);
}

TEST_CASE("Canonical JSON: what has no canonical form is refused") {
  CHECK_THROWS_AS(canonical(json(std::nan(""))), Error);
  CHECK_THROWS_AS(canonical(json(HUGE_VAL)), Error);
  CHECK_THROWS_AS(canonical(json("\xff")), Error);
  CHECK_THROWS_AS(canonical(json{{"\xff", 1}}), Error);
  CHECK_THROWS_AS(canonical(json("\xed\xa0\x80")), Error);  // a surrogate
  CHECK_THROWS_AS(canonical(json("\xc0\x80")), Error);      // an overlong NUL
  CHECK_THROWS_AS(canonical(json::binary({1, 2})), Error);
}

TEST_CASE("Canonical JSON: it is a fixed point") {
  const std::string once = canonical(json::parse(R"({"b":[1,2.5,{"z":"\u0001"}],"a":null})"));
  CHECK(once == R"({"a":null,"b":[1,2.5,{"z":"\u0001"}]})");
  CHECK(canonical(json::parse(once)) == once);
  // Whole doubles come back as integers.
  for (const double number : {1e15, 9007199254740992.0, 1e18, -1e18, 123456789012345680000.0, 1e21}) {
    const std::string text = canonical(json(number));
    CHECK(canonical(json::parse(text)) == text);
  }
}
