// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker_pool.h"
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

TEST_CASE("Pool: nothing is started before the first worker is asked for") {
  const StandingClock clock;
  const WorkerPool pool(worker(), {}, 2, clock);
  CHECK(pool.ready() == 0);
}

TEST_CASE("Pool: after the first, others stand ready and are handed out") {
  const StandingClock clock;
  WorkerPool pool(worker(), {}, 2, clock);
  const auto first = pool.take();
  pool.wait_until_full();
  CHECK(pool.ready() == 2);
  CHECK(first->waits());
  const auto second = pool.take();
  CHECK(second->waits());
}

TEST_CASE("Pool: those that nobody asks for end after a while") {
  StandingClock clock;
  WorkerPool pool(worker(), {}, 1, clock);
  pool.take();
  pool.wait_until_full();
  pool.expire();
  CHECK(pool.ready() == 1);
  clock.passed += std::chrono::seconds(WorkerPool::kIdleLimit).count();
  pool.expire();
  CHECK(pool.ready() == 0);
}

TEST_CASE("Pool: a plugin runs in a ready worker as in a new one") {
  WorkerPlugins host({.worker = worker(), .directories = {}, .registry = {}, .idle_workers = 1});
  for (int i = 0; i < 3; ++i) CHECK_FALSE(fit(host, "good").error);
}

TEST_CASE("Pool: without ready workers each is started when it is needed") {
  const StandingClock clock;
  WorkerPool pool(worker(), {}, 0, clock);
  CHECK(pool.take()->waits());
  CHECK(pool.ready() == 0);
}

}  // namespace
}  // namespace assay::test
