// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/id.h"

#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

TEST_CASE("Id: the bits stand as the ULID specification has them") {
  Id::Random zeros{}, ones;
  ones.fill(std::byte{0xff});
  CHECK(Id::make(from_milliseconds(0), zeros).text() == "00000000000000000000000000");
  CHECK(Id::make(from_milliseconds((1LL << 48) - 1), ones).text() == "7zzzzzzzzzzzzzzzzzzzzzzzzz");
  // The specification's own example of a time.
  CHECK(Id::make(from_milliseconds(1469918176385), zeros).text().substr(0, 10) == "01aryz6s41");
}

TEST_CASE("Id: later ones sort behind") {
  Id::Random ones;
  ones.fill(std::byte{0xff});
  CHECK(Id::make(from_milliseconds(1000), ones) < Id::make(from_milliseconds(1001), Id::Random{}));
}

TEST_CASE("Id: parsing lowers letters and refuses the rest") {
  CHECK(Id::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV").text() == "01arz3ndektsv4rrffq69g5fav");
  for (const char* text :
       {"", "01arz3ndektsv4rrffq69g5fa", "01arz3ndektsv4rrffq69g5favv", "81arz3ndektsv4rrffq69g5fav",
        "01arz3ndektsv4rrffq69g5fai", "01arz3ndektsv4rrffq69g5fa/"})
    CHECK_THROWS_AS(Id::parse(text), Error);
}
