// SPDX-License-Identifier: Apache-2.0
// Asks a server again and again how far it is: at once for what takes a moment, a bearable load for what takes a day.
#pragma once

#include <algorithm>
#include <chrono>
#include <thread>

namespace assay::cli {

class Polling {
 public:
  // Waits before the next question, longer each time.
  void wait() {
    std::this_thread::sleep_for(wait_);
    wait_ = std::min(2 * wait_, kLongestWait);
  }

 private:
  static constexpr std::chrono::milliseconds kLongestWait{1000};

  std::chrono::milliseconds wait_{20};
};

}  // namespace assay::cli
