// SPDX-License-Identifier: Apache-2.0
#include "registry/http/work_pool.h"

#include <algorithm>

namespace assay::http {
namespace {

// When no job was taken for so long, those that run wait for something, whatever was said of them. A read takes some 50 us.
constexpr std::chrono::milliseconds kPatience(1);

}  // namespace

WorkPool::WorkPool(std::size_t threads, std::size_t queue, PoolMeter& meter)
    : threads_wanted_(threads),
      cores_(std::max(1U, std::thread::hardware_concurrency())),
      queue_(queue),
      meter_(meter),
      free_(threads) {
  meter_.threads = threads;
  meter_.queue = queue;
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

WorkPool::~WorkPool() {
  stop();
}

bool WorkPool::offer(Job job, Haste haste) {
  return add({std::move(job), haste}, Bound::queue);
}

bool WorkPool::push(Job job, Haste haste) {
  return add({std::move(job), haste}, Bound::none);
}

bool WorkPool::add(Waiting job, Bound bound) {
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

// Whether a thread is to take the first job now. Beyond one a core, threads that compute only take turns, and each turn
// costs as much as a short job.
bool WorkPool::due() const {
  if (waiting_.empty()) return false;
  return waiting_.front().haste == Haste::waits || busy() < cores_ ||
         Clock::now() - last_taken_ >= kPatience;
}

// Whether one more thread is to be woken, to take a job or to watch. One at a time: it wakes the next one when it finds more
// than it takes, and short jobs are often done by then by those that were awake.
bool WorkPool::summon() {
  if (summoned_ || asleep_ == 0 || waiting_.empty() || (watched_ && !due())) return false;
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

void WorkPool::sleep(std::unique_lock<std::mutex>& lock) {
  ++asleep_;
  if (waiting_.empty() || watched_) {
    ready_.wait(lock);
  } else {
    watched_ = true;
    ready_.wait_for(lock, kPatience);
    watched_ = false;
  }
  --asleep_;
  summoned_ = false;
}

void WorkPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    while (!stopping_ && !due()) sleep(lock);
    if (waiting_.empty()) return;
    Job job = std::move(waiting_.front().job);
    waiting_.pop_front();
    last_taken_ = Clock::now();
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
