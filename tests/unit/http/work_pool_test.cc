// SPDX-License-Identifier: Apache-2.0
#include "registry/http/work_pool.h"

#include <atomic>
#include <barrier>
#include <latch>

#include "tests/support/catch.h"

using namespace assay::http;

TEST_CASE("Work pool: jobs that wait for each other all get a thread") {
  constexpr std::size_t kThreads = 8;
  PoolMeter meter;
  WorkPool pool(kThreads, 0, meter);
  for (int round = 0; round < 200; ++round) {
    std::barrier together(kThreads);
    std::latch done(kThreads);
    for (std::size_t i = 0; i < kThreads; ++i)
      REQUIRE(pool.push([&] {
        together.arrive_and_wait();
        done.count_down();
      }));
    done.wait();
  }
}

TEST_CASE("Work pool: jobs said to compute get more threads than there are cores when they wait after all") {
  const std::size_t jobs = std::thread::hardware_concurrency() + 3;
  PoolMeter meter;
  WorkPool pool(jobs, 0, meter);
  for (int round = 0; round < 5; ++round) {
    std::latch together(static_cast<std::ptrdiff_t>(jobs)), done(static_cast<std::ptrdiff_t>(jobs));
    for (std::size_t i = 0; i < jobs; ++i)
      REQUIRE(pool.push(
          [&] {
            together.arrive_and_wait();
            done.count_down();
          },
          Haste::computes));
    done.wait();
  }
}

TEST_CASE("Work pool: what is offered beyond the queue is refused, what was taken is run before it stops") {
  PoolMeter meter;
  WorkPool pool(1, 2, meter);
  std::latch running(1), go_on(1);
  std::atomic<int> ran = 0;
  REQUIRE(pool.offer([&] {
    running.count_down();
    go_on.wait();
  }));
  running.wait();
  CHECK(pool.offer([&] { ++ran; }));
  CHECK(pool.offer([&] { ++ran; }));
  CHECK_FALSE(pool.offer([&] { ++ran; }));
  CHECK(pool.push([&] { ++ran; }));
  go_on.count_down();
  pool.stop();
  CHECK(ran == 3);
  CHECK_FALSE(pool.push([] {}));
}

TEST_CASE("Work pool: each of many jobs from many threads is run once") {
  PoolMeter meter;
  std::atomic<int> ran = 0;
  {
    WorkPool pool(4, 0, meter);
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i)
      callers.emplace_back([&] {
        for (int j = 0; j < 5000; ++j) pool.push([&] { ++ran; });
      });
    callers.clear();
    pool.stop();
  }
  CHECK(ran == 4 * 5000);
}
