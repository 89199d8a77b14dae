// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker_pool.h"

#include "storage/base/error.h"

namespace assay {

WorkerPool::WorkerPool(std::filesystem::path executable, WorkerLimits limits, std::size_t idle, const Clock& clock)
    : executable_(std::move(executable)), limits_(limits), idle_(idle), clock_(clock) {
  if (idle_ != 0) keeper_ = std::jthread([this](const std::stop_token& stop) { keep(stop); });
}

WorkerPool::~WorkerPool() = default;  // the keeper goes first, being declared last

std::unique_ptr<WorkerProcess> WorkerPool::take() {
  std::unique_ptr<WorkerProcess> found;
  {
    const std::lock_guard lock(mutex_);
    taken_ = clock_.steady_now();
    wanted_ = idle_ != 0;
    // One that died while it waited (the machine ran out of memory) is passed over.
    while (!found && !ready_.empty()) {
      if (ready_.front()->waits()) found = std::move(ready_.front());
      ready_.pop_front();
    }
  }
  changed_.notify_all();
  return found ? std::move(found) : std::make_unique<WorkerProcess>(executable_, limits_);
}

std::size_t WorkerPool::ready() const {
  const std::lock_guard lock(mutex_);
  return ready_.size();
}

void WorkerPool::wait_until_full() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return ready_.size() >= idle_; });
}

void WorkerPool::expire() {
  std::deque<std::unique_ptr<WorkerProcess>> ended;  // after the lock
  const std::lock_guard lock(mutex_);
  if (clock_.steady_now() - taken_ < kIdleLimit) return;
  wanted_ = false;
  ended.swap(ready_);
}

void WorkerPool::keep(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kIdleLimit, [&] { return wanted_ && ready_.size() < idle_; });
      if (!wanted_ || ready_.size() >= idle_ || stop.stop_requested()) {
        lock.unlock();
        expire();
        continue;
      }
    }
    std::unique_ptr<WorkerProcess> fresh;
    try {
      fresh = std::make_unique<WorkerProcess>(executable_, limits_);
    } catch (const Error&) {
      // Whoever needs one will be told why there is none.
    }
    const std::lock_guard lock(mutex_);
    if (fresh)
      ready_.push_back(std::move(fresh));
    else
      wanted_ = false;
    changed_.notify_all();
  }
}

}  // namespace assay
