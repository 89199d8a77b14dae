// SPDX-License-Identifier: Apache-2.0
// Waiting awake for a moment before going to sleep. A sleeper takes tens of microseconds to be woken, as long as a
// small call takes; but awake we are in the way of the one we wait for when no processor is spare. So it is tried as
// long as it pays: what comes in time doubles the time that is given, what does not halves it.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace assay::wire {

class Spin {
 public:
  // Calls `ready` once, and again until it is true or the time given is over; whether it was true.
  template <typename Ready>
  bool wait(Ready ready) {
    if (ready()) return true;
    if (limit_ < kLeast && (!kSpare || ++passed_ % kTryAgain != 0)) return false;
    const auto until = std::chrono::steady_clock::now() + std::max(limit_, kLeast);
    while (!ready())
      if (std::chrono::steady_clock::now() >= until) {
        limit_ /= 2;
        return false;
      }
    limit_ = std::min(kMost, std::max(limit_, kLeast) * 2);
    return true;
  }

 private:
  using Time = std::chrono::nanoseconds;
  static constexpr Time kMost{50'000}, kLeast{4'000};
  static constexpr unsigned kTryAgain = 64;  // one wait in so many, when it has not been paying
  inline static const bool kSpare = std::thread::hardware_concurrency() > 1;

  Time limit_ = kSpare ? kMost : Time::zero();
  unsigned passed_ = 0;
};

}  // namespace assay::wire
