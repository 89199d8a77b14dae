// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/wire/spin.h"

#include <thread>

#include "tests/support/catch.h"

using assay::wire::Spin;

TEST_CASE("Spin: what is there at once is asked for once") {
  Spin spin;
  int asked = 0;
  CHECK(spin.wait([&] { return ++asked == 1; }));
  CHECK(asked == 1);
}

TEST_CASE("Spin: what comes in a moment is waited for awake, where a processor is spare") {
  Spin spin;
  int asked = 0;
  const bool came = spin.wait([&] { return ++asked == 3; });
  if (std::thread::hardware_concurrency() > 1)
    CHECK((came || asked > 1));  // unless we were put to sleep ourselves
  else
    CHECK((!came && asked == 1));
}

TEST_CASE("Spin: after moments in vain it rests, and then tries again") {
  Spin spin;
  const auto asked_for = [&](int waits) {
    int most = 0;
    for (int i = 0; i < waits; ++i) {
      int asked = 0;
      CHECK_FALSE(spin.wait([&] { return ++asked < 0; }));
      most = std::max(most, asked);
    }
    return most;
  };
  asked_for(3);
  CHECK(asked_for(64) == 1);
  if (std::thread::hardware_concurrency() > 1) CHECK(asked_for(1) > 1);
}
