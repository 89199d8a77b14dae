// SPDX-License-Identifier: Apache-2.0
// Random and Scratch in C++ and C: what comes of them is the same whether the host has the service or not, and known.
#include <array>
#include <numeric>

#include "assay/services.hpp"
#include "assay/testing.hpp"
#include "tests/support/catch.h"

extern "C" {
std::uint64_t c_random(const assay_host*, const assay_call*, std::uint64_t stream, std::uint64_t n, std::uint64_t end,
                       double* uniform, std::uint64_t* below);
int c_scratch(const assay_host*, const assay_call*, std::size_t bytes, int* on_disk);
}

namespace assay::test {

using namespace assay::sdk;
using namespace assay::sdk::testing;

namespace {

using Words = std::array<std::uint32_t, 4>;
__extension__ using Wide = unsigned __int128;

Words philox(std::uint64_t seed, std::uint64_t stream, std::uint64_t block) {
  Words out{};
  assay_philox(seed, stream, block, out.data());
  return out;
}

int filled = 0;

// A host whose get_service is this one.
assay_host host_with(FakeHost::GetService get_service) {
  assay_host host{};
  host.struct_size = sizeof host;
  host.get_service = get_service;
  return host;
}

// Counts how often it is asked, and answers what no other would.
const void* counting(const assay_host*, const char* id) {
  static constexpr assay_rng_v1 service{sizeof service, 0, nullptr,
                                        [](const assay_rng_v1*, const assay_call*, std::uint64_t, std::uint64_t first,
                                           std::uint64_t blocks, std::uint32_t* out) -> assay_status {
                                          ++filled;
                                          std::iota(out, out + blocks * 4, static_cast<std::uint32_t>(first * 4));
                                          return ASSAY_OK;
                                        }};
  return std::string_view(id) == ASSAY_HOST_RNG_V1 ? &service : nullptr;
}

const void* too_short(const assay_host*, const char*) {
  static constexpr std::uint32_t size = 8;
  return &size;
}

const void* refusing(const assay_host*, const char* id) {
  static constexpr assay_rng_v1 random{
      sizeof random, 0, nullptr,
      [](const assay_rng_v1*, const assay_call*, std::uint64_t, std::uint64_t, std::uint64_t,
         std::uint32_t*) -> assay_status { return ASSAY_E_UNSUPPORTED; }};
  return std::string_view(id) == ASSAY_HOST_RNG_V1 ? &random : nullptr;
}

}  // namespace

TEST_CASE("Services: Philox gives the known answers of Random123") {
  CHECK(philox(0, 0, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox(~0ull, ~0ull, ~0ull) == Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox(0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88) ==
        Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("Services: numbers depend on seed, stream and place alone, whoever draws them, in C++ and in C") {
  FakeCall call;
  call.raw.seed = 0x0123456789ABCDEF;
  const assay_host full = host_with(&fake_service), bare = host_with(nullptr), refuses = host_with(&refusing),
                   old = host_with(&too_short);
  const Random expected(Host(&full), Call(&call.raw), 3);
  const assay_host* const hosts[] = {&full, &bare, &refuses, &old, nullptr};
  for (const std::uint64_t n : {0ull, 1ull, 127ull, 128ull, 5ull, 1ull << 40, ~0ull, 0ull}) {
    INFO(n);
    const Words block = philox(call.raw.seed, 3, n / 2);
    CHECK(expected.u64(n) == (block[n % 2 * 2] | std::uint64_t{block[n % 2 * 2 + 1]} << 32));
    for (const assay_host* host : hosts) {
      const Random random(Host(host), Call(&call.raw), 3);
      CHECK(random.u64(n) == expected.u64(n));
      double uniform = -1;
      std::uint64_t below = 0;
      CHECK(c_random(host, &call.raw, 3, n, 1000, &uniform, &below) == expected.u64(n));
      CHECK(uniform == expected.uniform(n));
      CHECK(below == expected.below(n, 1000));
    }
  }
  CHECK(Random(Host(&full), Call(&call.raw), 4).u64(0) != expected.u64(0));
}

TEST_CASE("Services: uniform numbers lie in [0, 1), and bounded ones are the upper half of a product") {
  FakeCall call;
  const Random random(Host(nullptr), Call(&call.raw));
  std::array<int, 10> seen{};
  double sum = 0;
  for (std::uint64_t n = 0; n < 10'000; ++n) {
    const double uniform = random.uniform(n);
    REQUIRE((uniform >= 0 && uniform < 1));
    REQUIRE(random.below(n, 10) == static_cast<std::uint64_t>(uniform * 10));
    ++seen[random.below(n, 10)];
    sum += uniform;
    const std::uint64_t wide = 0xFEDCBA9876543211;
    REQUIRE(random.below(n, wide) ==
            static_cast<std::uint64_t>(Wide{random.u64(n)} * wide >> 64));
    REQUIRE(random.below(n, 1) == 0);
  }
  for (const int count : seen) CHECK((count > 850 && count < 1150));
  CHECK(sum / 10'000 == Approx(0.5).margin(0.01));
}

TEST_CASE("Services: a host that draws is asked for many numbers at once") {
  FakeCall call;
  const assay_host host = host_with(&counting);
  const Random random(Host(&host), Call(&call.raw));
  filled = 0;
  for (std::uint64_t n = 0; n < 128; ++n) CHECK(random.u64(n) == (2 * n | (2 * n + 1) << 32));
  CHECK(filled == 1);
  CHECK(random.u64(128) == (256 | 257ull << 32));
  CHECK(filled == 2);
}

TEST_CASE("Services: scratch is zeros of the host while it has some, else of memory, and is given back") {
  FakeCall call;
  const assay_host full = host_with(&fake_service), bare = host_with(nullptr);
  {
    const Scratch<double> lent(Host(&full), Call(&call.raw), 1000);
    CHECK(lent.on_disk());
    CHECK(call.scratch.held() == 8000);
    REQUIRE(lent.get().size() == 1000);
    for (const double value : lent.get()) CHECK(value == 0);
    lent.get()[999] = 1;
    const Scratch<char> nothing(Host(&full), Call(&call.raw), 0);
    CHECK_FALSE(nothing.on_disk());
  }
  CHECK(call.scratch.held() == 0);
  int on_disk = -1;
  CHECK(c_scratch(&full, &call.raw, 100, &on_disk) == 1);
  CHECK(on_disk == 1);
  CHECK(c_scratch(&bare, &call.raw, 100, &on_disk) == 1);
  CHECK(on_disk == 0);
  CHECK(call.scratch.held() == 0);

  call.scratch.quota = 99;
  const Scratch<char> refused(Host(&full), Call(&call.raw), 100), own(Host(&bare), Call(&call.raw), 100);
  for (const Scratch<char>* each : {&refused, &own}) {
    CHECK_FALSE(each->on_disk());
    for (const char value : each->get()) CHECK(value == 0);
  }
  CHECK(c_scratch(&full, &call.raw, 100, &on_disk) == 1);
  CHECK(on_disk == 0);
  CHECK_THROWS_AS(Scratch<double>(Host(&full), Call(&call.raw), SIZE_MAX / 2), std::bad_alloc);
}

}  // namespace assay::test
