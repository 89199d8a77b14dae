// SPDX-License-Identifier: Apache-2.0
// A fixed number of threads for work that blocks, and a bounded queue before them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "registry/http/metrics.h"

namespace assay::http {

// How a job minds waiting. One that computes gains nothing from a thread beyond those that keep the cores busy already; one
// that is going to wait for a disk gets a thread at once, if any is free.
enum class Haste { computes, waits };

// Any thread may call any method at any time. Jobs must not throw.
class WorkPool {
 public:
  using Job = std::function<void()>;

  // Borrows the meter, which says at any time how busy the pool is.
  WorkPool(std::size_t threads, std::size_t queue, PoolMeter& meter);
  ~WorkPool();  // as stop()
  WorkPool(const WorkPool&) = delete;
  WorkPool& operator=(const WorkPool&) = delete;

  // Takes a job to be run, or refuses it (false) when as many wait as may, or after stop().
  bool offer(Job job, Haste haste = Haste::waits);
  // Takes a job however many wait: for going on with work that was taken before, whose number is bounded
  // elsewhere. False only after stop().
  bool push(Job job, Haste haste = Haste::waits);
  // Runs what waits, then joins the threads.
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  enum class Bound { queue, none };
  struct Waiting {
    Job job;
    Haste haste;
  };

  bool add(Waiting job, Bound bound);
  void work();
  void sleep(std::unique_lock<std::mutex>& lock);
  std::size_t busy() const { return threads_wanted_ - free_; }
  bool due() const;
  bool summon();

  const std::size_t threads_wanted_, cores_, queue_;
  PoolMeter& meter_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Waiting> waiting_;
  std::size_t free_;  // threads that run no job
  std::size_t asleep_ = 0;
  bool summoned_ = false;  // a thread was woken that has not looked yet
  bool watched_ = false;   // a sleeping thread will look whether jobs are being taken
  Clock::time_point last_taken_{};
  bool stopping_ = false;
  std::vector<std::jthread> threads_;
};

}  // namespace assay::http
