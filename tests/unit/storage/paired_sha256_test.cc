// SPDX-License-Identifier: Apache-2.0
#include "storage/base/paired_sha256.h"

#include <random>
#include <string>
#include <vector>

#include "tests/support/bytes.h"
#include "tests/support/catch.h"

using namespace assay;
using assay::test::as_span;

namespace {

// Every path that this machine can take; the portable one always.
std::vector<Cpu> paths() {
  std::vector<Cpu> all = {Cpu{}};
  if (Cpu::here().sha) all.push_back(Cpu::here());
  return all;
}

}  // namespace

TEST_CASE("PairedSha256: gives the published digests of FIPS 180-4's examples") {
  const std::string two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (const Cpu& cpu : paths()) {
    PairedSha256 hash(cpu);
    CHECK(hash.finish_part().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash.update(as_span("abc"));
    CHECK(hash.finish_part().hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hash.finish().hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash.update(as_span(two_blocks));
    CHECK(hash.finish_part().hex() == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(hash.finish().hex() == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  }
}

TEST_CASE("PairedSha256: agrees with one hash a part and one of all, however the bytes arrive") {
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (const Cpu& cpu : paths())
    for (int round = 0; round < 20; ++round) {
      const std::string bytes = test::random_bytes(random() % 20000, random());
      PairedSha256 hash(cpu);
      std::size_t part_begin = 0;
      std::size_t at = 0;
      while (at < bytes.size()) {
        const std::size_t size =
            std::min<std::size_t>(bytes.size() - at, random() % (random() % 3 == 0 ? 3000 : 130));
        hash.update(as_span(bytes).subspan(at, size));
        at += size;
        if (random() % 4 != 0) continue;
        CHECK(hash.finish_part() == Digest::of(std::string_view(bytes).substr(part_begin, at - part_begin)));
        part_begin = at;
      }
      CHECK(hash.finish_part() == Digest::of(std::string_view(bytes).substr(part_begin)));
      CHECK(hash.finish() == Digest::of(bytes));
    }
}

TEST_CASE("PairedSha256: a new stream starts a new part") {
  for (const Cpu& cpu : paths()) {
    PairedSha256 hash(cpu);
    hash.update(as_span("left over"));
    hash.finish();
    hash.update(as_span("abc"));
    CHECK(hash.finish_part() == Digest::of(std::string_view("abc")));
  }
}
