// SPDX-License-Identifier: Apache-2.0
#include "registry/events/retry_schedule.h"

#include "tests/support/catch.h"

using namespace assay;
using namespace std::chrono_literals;

TEST_CASE("Retry schedule: waits double from ten seconds to an hour, and the twelfth failure is the last") {
  CHECK(retry_after(1) == 10s);
  CHECK(retry_after(2) == 20s);
  CHECK(retry_after(9) == 2560s);
  CHECK(retry_after(10) == 3600s);
  CHECK(retry_after(kMaxAttempts - 1) == 3600s);
  CHECK_FALSE(retry_after(kMaxAttempts));
  std::chrono::seconds all{};
  for (std::size_t attempt = 1; attempt < kMaxAttempts; ++attempt) all += *retry_after(attempt);
  CHECK(std::chrono::floor<std::chrono::minutes>(all) == 205min);  // as registry/docs/webhooks.md says
}
