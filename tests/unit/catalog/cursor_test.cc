// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/cursor.h"

#include "registry/domain/page.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("Cursor: gives back the keys that it holds") {
  const std::vector<std::string> keys = {"default", "churn", ""};
  CHECK(decode_cursor("artifacts", encode_cursor("artifacts", keys), 3) == keys);
}

TEST_CASE("Cursor: another list's, a cut or an invented one is refused") {
  const std::string cursor = encode_cursor("artifacts", {"a", "b"});
  CHECK_THROWS_AS(decode_cursor("versions", cursor, 2), Error);
  CHECK_THROWS_AS(decode_cursor("artifacts", cursor, 1), Error);
  CHECK_THROWS_AS(decode_cursor("artifacts", cursor.substr(1), 2), Error);
  for (const char* text : {"", "zz", "00", "' OR 1=1 --"})
    CHECK_THROWS_AS(decode_cursor("artifacts", text, 2), Error);
  CHECK_THROWS_AS(integer_key("1x"), Error);
  CHECK_THROWS_AS(integer_key("99999999999999999999"), Error);
}

TEST_CASE("Page: limits are taken at the bound and refused one past it") {
  CHECK(PageRequest::parse({}, {}).limit == 50);
  CHECK(PageRequest::parse({}, "1").limit == 1);
  CHECK(PageRequest::parse({}, "500").limit == 500);
  for (const char* limit : {"0", "501", "-1", "", "5x", "99999999999"})
    CHECK_THROWS_AS(PageRequest::parse({}, limit), Error);
}
