// SPDX-License-Identifier: Apache-2.0
// Wakes one thread that waits for work, from any number of threads that may have brought some.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace assay {

// One thread waits; any thread rings.
class Bell {
 public:
  void ring() {
    {
      const std::lock_guard lock(mutex_);
      rung_ = true;
    }
    woken_.notify_one();
  }

  // Returns when it was rung since it last returned, after `at_most`, or on a stop.
  void wait(const std::stop_token& stop, std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, stop, at_most, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool rung_ = false;
};

}  // namespace assay
