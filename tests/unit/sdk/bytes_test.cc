// SPDX-License-Identifier: Apache-2.0
// The little binary form: what is written is read, and nothing else is.
#include "assay/bytes.hpp"

#include <random>

#include "tests/support/catch.h"

namespace assay::test {

using namespace assay::sdk;

TEST_CASE("Bytes: what was written is read back, on any machine in the same bytes") {
  ByteWriter out;
  out.u8(200);
  out.u32(0x01020304);
  out.i64(-2);
  out.f64(-0.5);
  out.text("ä\0b");
  out.f64s({1, 2});
  out.i64s({INT64_MIN});
  const std::string bytes = out.take();
  CHECK(bytes.substr(1, 4) == "\x04\x03\x02\x01");
  ByteReader in(bytes);
  CHECK(in.u8() == 200);
  CHECK(in.u32() == 0x01020304);
  CHECK(in.i64() == -2);
  CHECK(in.f64() == -0.5);
  CHECK(in.text() == "ä");
  CHECK(in.f64s() == std::vector<double>{1, 2});
  CHECK(in.i64s() == std::vector<std::int64_t>{INT64_MIN});
  CHECK_NOTHROW(in.end());
}

TEST_CASE("Bytes: a count that promises more than there is costs no memory") {
  for (const std::uint64_t claim : {std::uint64_t{3}, std::uint64_t{1} << 40, UINT64_MAX}) {
    ByteWriter out;
    out.u64(claim);
    out.f64(1);
    const std::string bytes = out.take();
    CHECK_THROWS_AS(ByteReader(bytes).f64s(), Error);
    CHECK_THROWS_AS(ByteReader(bytes).i64s(), Error);
    if (claim > 8) CHECK_THROWS_AS(ByteReader(bytes).text(), Error);
  }
}

TEST_CASE("Bytes: a sealed payload opens with its own magic only, and not after any change") {
  const std::string sealed = seal("form/1", "payload");
  CHECK(unseal("form/1", sealed) == "payload");
  CHECK_THROWS_WITH(unseal("form/2", sealed), "the stored bytes do not parse: it is 'form/1', not 'form/2'");
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = sealed;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      CHECK_THROWS_AS(unseal("form/1", changed), Error);
    }
    CHECK_THROWS_AS(unseal("form/1", sealed.substr(0, at)), Error);
  }
  CHECK_THROWS_AS(unseal("form/1", sealed + "x"), Error);
}

}  // namespace assay::test
