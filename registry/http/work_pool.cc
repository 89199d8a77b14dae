// SPDX-License-Identifier: Apache-2.0
#include "registry/http/work_pool.h"

namespace assay::http {

WorkPool::WorkPool(std::size_t threads, std::size_t queue, PoolMeter& meter)
    : queue_(queue), meter_(meter), free_(threads) {
  meter_.threads = threads;
  meter_.queue = queue;
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkPool::~WorkPool() {
  stop();
}

bool WorkPool::offer(Job job) {
  return add(std::move(job), Bound::queue);
}

bool WorkPool::push(Job job) {
  return add(std::move(job), Bound::none);
}

bool WorkPool::add(Job job, Bound bound) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    // A job that a free thread will take at once does not wait, so a queue of none still lets work in.
    if (stopping_ || (bound == Bound::queue && waiting_.size() >= queue_ + free_)) {
      ++meter_.refused;
      return false;
    }
    waiting_.push_back(std::move(job));
    meter_.waiting = waiting_.size();
    wake = summon();
  }
  if (wake) ready_.notify_one();
  return true;
}

// Whether one more thread is to be woken. One at a time: it wakes the next one when it finds more than it takes, and short
// jobs are often done by then by those that were awake; waking a thread for each costs more than such a job.
bool WorkPool::summon() {
  if (summoned_ || asleep_ == 0 || waiting_.empty()) return false;
  summoned_ = true;
  return true;
}

void WorkPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  threads_.clear();
}

void WorkPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (!stopping_ && waiting_.empty()) {
      ++asleep_;
      ready_.wait(lock);
      --asleep_;
      summoned_ = false;
    }
    if (waiting_.empty()) return;
    Job job = std::move(waiting_.front());
    waiting_.pop_front();
    --free_;
    ++meter_.busy;
    meter_.waiting = waiting_.size();
    const bool wake = summon();
    lock.unlock();
    if (wake) ready_.notify_one();
    job();
    job = nullptr;  // what it holds may lock; let it go outside
    lock.lock();
    ++free_;
    --meter_.busy;
  }
}

}  // namespace assay::http
