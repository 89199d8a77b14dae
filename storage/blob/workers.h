// SPDX-License-Identifier: Apache-2.0
// Threads that encode and decode chunks beside the thread that wants them. Whoever waits for a job that
// nobody has begun does it itself, so that work never waits for a free thread, and a machine of one core
// needs none.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace assay {

// A piece of work that is done once, by whoever comes first.
class Job {
 public:
  explicit Job(std::function<void()> work) : work_(std::move(work)) {}

  // Does the work unless somebody has begun it; says whether this call did. Never throws: see wait().
  bool try_run();
  bool done() const;
  // Nobody does the work any more, for the caller does it in another way; false when somebody has begun it.
  bool take_over();
  // Does the work, or waits for whoever does, and throws what the work threw.
  void wait();
  // The work is not done any more, unless it was; waits while somebody is at it.
  void cancel() noexcept;

 private:
  enum class State { waiting, running, done };

  std::function<void()> work_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  State state_ = State::waiting;
  std::exception_ptr failure_;
};

// Any thread may post.
class Workers {
 public:
  explicit Workers(std::size_t threads);
  ~Workers();  // does what was posted, then ends

  void post(std::shared_ptr<Job> job);
  std::size_t count() const { return threads_.size(); }

 private:
  void serve(std::stop_token stop);

  std::mutex mutex_;
  std::condition_variable_any posted_;
  std::deque<std::shared_ptr<Job>> jobs_;
  std::vector<std::jthread> threads_;
};

}  // namespace assay
