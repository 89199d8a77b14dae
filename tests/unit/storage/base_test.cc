// SPDX-License-Identifier: Apache-2.0
// The small parts of storage/base: digests, checksums, sizes, and the system's clock and entropy.
#include <set>

#include "storage/base/byte_size.h"
#include "storage/base/crc32c.h"
#include "storage/base/digest.h"
#include "storage/base/error.h"
#include "storage/base/little_endian.h"
#include "storage/base/sha256.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"

namespace assay {
namespace {

using test::as_span;

// FIPS 180-4's example.
constexpr const char* kAbc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST_CASE("Digest: is the SHA-256 of the bytes, in one part or in many") {
  CHECK(Digest::of("abc").text() == kAbc);
  Sha256 hash;
  for (const char letter : {'a', 'b', 'c'}) hash.update(as_span(std::string_view(&letter, 1)));
  CHECK(hash.finish().text() == kAbc);
  CHECK(hash.finish() == Digest::of(""));
}

TEST_CASE("Digest: text comes back as it went") {
  const Digest digest = Digest::parse(kAbc);
  CHECK(digest.text() == kAbc);
  CHECK(digest.hex() == std::string(kAbc).substr(7));
  CHECK(digest.short_text() == "sha256:ba7816bf8f01");
}

TEST_CASE("Digest: anything but sha256 and 64 lower-case digits is refused") {
  std::string upper = kAbc;
  upper[10] = 'A';
  const std::string zero("sha256:\0", 8);
  for (const std::string& text : {std::string(), std::string("abc"), upper, std::string(kAbc).append("0"),
                                  std::string(kAbc).substr(0, 70), "md5:" + std::string(64, '0'),
                                  zero + std::string(63, '0'), "sha256:" + std::string(62, '0') + "../"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Digest::parse(text), Error);
  }
}

TEST_CASE("Crc32c: gives the published values") {
  CHECK(crc32c(as_span("123456789")) == 0xE3069283);
  CHECK(crc32c({}) == 0);
  CHECK(crc32c(as_span(std::string(32, '\0'))) == 0x8A9136AA);  // RFC 3720, B.4
  CHECK(crc32c(as_span(std::string(32, '\xFF'))) == 0x62A8AB43);
}

TEST_CASE("Little endian: integers come back at any alignment") {
  std::byte buffer[16] = {};
  put_u64(buffer + 1, 0x0123456789ABCDEF);
  CHECK(get_u64(buffer + 1) == 0x0123456789ABCDEF);
  CHECK(get_u32(buffer + 1) == 0x89ABCDEF);
  CHECK(buffer[1] == std::byte{0xEF});
}

TEST_CASE("Byte size: reads as people write it") {
  CHECK(byte_size_text(0) == "0 B");
  CHECK(byte_size_text(1023) == "1023 B");
  CHECK(byte_size_text(1024) == "1.0 KiB");
  CHECK(byte_size_text(kMiB - 1) == "1.0 MiB");
  CHECK(byte_size_text(27 * kMiB + 400 * kKiB) == "27.4 MiB");
  CHECK(byte_size_text(~0ULL) == "16.0 EiB");
}

TEST_CASE("Clock: the system's tells a time after this test was written") {
  CHECK(SystemClock().now() > std::chrono::sys_days(std::chrono::year(2024) / 1 / 1));
  const auto before = SystemClock().steady_now();
  CHECK((before <= SystemClock().steady_now()));
}

TEST_CASE("Entropy: the system's does not repeat itself") {
  SystemEntropy entropy;
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    std::string bytes(16, '\0');
    entropy.fill(std::as_writable_bytes(std::span(bytes)));
    seen.insert(bytes);
  }
  CHECK(seen.size() == 100);
}

}  // namespace
}  // namespace assay
