// SPDX-License-Identifier: Apache-2.0
#include "storage/base/base64.h"

#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("Base64: what it makes is what it takes, and nothing else has the same meaning") {
  for (const char* text : {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "+/8="})
    CHECK(to_base64(from_base64(text).value()) == text);
  // Blanks, bits beyond the last byte, letters and lengths that are none.
  for (const char* text : {" Zm9v", "Zm9v\n", "Zh==", "Zm9=", "Zg=", "Zg", "Z===", "====", "Zm9-", "Zg==Zg=="})
    CHECK_FALSE(from_base64(text));
}
