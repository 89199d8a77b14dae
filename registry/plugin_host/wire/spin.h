// SPDX-License-Identifier: Apache-2.0
// Waiting awake for a moment before going to sleep. A sleeper takes tens of microseconds to be woken, as long as a
// small call takes; but awake we are in the way of the one we wait for when no processor is spare. So it is done as
// long as it pays, and tried again now and then.
#pragma once

#include <chrono>
#include <thread>

namespace assay::wire {

class Spin {
 public:
  // Calls `ready` once, and again until it is true or a moment is over; whether it was true.
  template <typename Ready>
  bool wait(Ready ready) {
    if (ready()) return true;
    if (!kSpare) return false;
    if (resting_ > 0) {
      --resting_;
      return false;
    }
    const auto until = std::chrono::steady_clock::now() + kMoment;
    while (!ready())
      if (std::chrono::steady_clock::now() >= until) {
        if (++missed_ >= kPatience) resting_ = kRest;
        return false;
      }
    missed_ = 0;
    return true;
  }

 private:
  static constexpr std::chrono::microseconds kMoment{60};
  static constexpr int kPatience = 3;  // moments in vain before it rests
  static constexpr int kRest = 64;     // waits
  inline static const bool kSpare = std::thread::hardware_concurrency() > 1;

  int missed_ = 0;
  int resting_ = 0;
};

}  // namespace assay::wire
