// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/workers.h"

#include <atomic>
#include <latch>

#include "storage/base/error.h"
#include "tests/support/catch.h"

namespace assay {
namespace {

TEST_CASE("Job: is done once, by whoever comes first, and says what went wrong to whoever waits") {
  int runs = 0;
  Job job([&] { ++runs; });
  CHECK_FALSE(job.done());
  CHECK(job.try_run());
  CHECK_FALSE(job.try_run());
  CHECK(job.done());
  job.wait();
  CHECK(runs == 1);
  Job failing([] { throw Error(Code::full, "no room"); });
  CHECK(failing.try_run());
  CHECK_THROWS_AS(failing.wait(), Error);
  CHECK_THROWS_AS(failing.wait(), Error);
}

TEST_CASE("Job: waiting for one that nobody began does it") {
  bool done = false;
  Job job([&] { done = true; });
  job.wait();
  CHECK(done);
}

TEST_CASE("Job: a cancelled one is not done, and lets go of what it held") {
  auto held = std::make_shared<int>(1);
  Job job([held] { ++*held; });
  job.cancel();
  CHECK_FALSE(job.try_run());
  CHECK(*held == 1);
  CHECK(held.use_count() == 1);
}

TEST_CASE("Job: cancelling one that somebody is at waits for its end") {
  std::latch begun(1), go_on(1);
  std::atomic<bool> ended = false;
  Job job([&] {
    begun.count_down();
    go_on.wait();
    ended = true;
  });
  std::jthread worker([&] { job.try_run(); });
  begun.wait();
  std::jthread other([&] { go_on.count_down(); });
  job.cancel();
  CHECK(ended);
}

TEST_CASE("Workers: do all that was posted before they end") {
  for (const std::size_t threads : {1u, 4u}) {
    std::atomic<int> done = 0;
    {
      Workers workers(threads);
      for (int i = 0; i < 1000; ++i) workers.post(std::make_shared<Job>([&] { ++done; }));
    }
    CHECK(done == 1000);
  }
}

TEST_CASE("Workers: a job that throws ends neither its thread nor the others") {
  Workers workers(1);
  auto bad = std::make_shared<Job>([] { throw Error(Code::internal, "bad"); });
  auto good = std::make_shared<Job>([] {});
  workers.post(bad);
  workers.post(good);
  CHECK_THROWS_AS(bad->wait(), Error);
  CHECK_NOTHROW(good->wait());
}

TEST_CASE("Workers: none keep nothing of what is posted") {
  auto held = std::make_shared<int>(1);
  Workers workers(0);
  workers.post(std::make_shared<Job>([held] {}));
  CHECK(held.use_count() == 1);
}

}  // namespace
}  // namespace assay
