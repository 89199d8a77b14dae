// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/workers.h"

#include <utility>

namespace assay {

bool Job::try_run() {
  {
    const std::lock_guard lock(mutex_);
    if (state_ != State::waiting) return false;
    state_ = State::running;
  }
  std::exception_ptr failure;
  try {
    work_();
  } catch (...) {
    failure = std::current_exception();
  }
  work_ = nullptr;  // what it holds may be large
  const std::lock_guard lock(mutex_);
  failure_ = std::move(failure);
  state_ = State::done;
  changed_.notify_all();
  return true;
}

bool Job::done() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::done;
}

bool Job::take_over() {
  const std::lock_guard lock(mutex_);
  if (state_ != State::waiting) return false;
  state_ = State::done;
  work_ = nullptr;
  return true;
}

void Job::wait() {
  try_run();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return state_ == State::done; });
  if (failure_) std::rethrow_exception(failure_);
}

void Job::cancel() noexcept {
  std::unique_lock lock(mutex_);
  if (state_ == State::waiting) {
    state_ = State::done;
    work_ = nullptr;  // it may wait for a worker for long
  }
  changed_.wait(lock, [&] { return state_ == State::done; });
}

Workers::Workers(std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this](std::stop_token stop) { serve(stop); });
}

Workers::~Workers() {
  for (std::jthread& thread : threads_) thread.request_stop();
}

void Workers::post(std::shared_ptr<Job> job) {
  if (threads_.empty()) return;  // whoever waits for it does it
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  posted_.notify_one();
}

void Workers::serve(std::stop_token stop) {
  for (;;) {
    std::shared_ptr<Job> job;
    {
      std::unique_lock lock(mutex_);
      if (!posted_.wait(lock, stop, [&] { return !jobs_.empty(); })) return;
      job = std::move(jobs_.front());
      jobs_.pop_front();
    }
    job->try_run();
  }
}

}  // namespace assay
