// SPDX-License-Identifier: Apache-2.0
#include "storage/env/clock.h"

namespace assay {

std::chrono::steady_clock::time_point Clock::steady_now() const {
  return std::chrono::steady_clock::now();
}

std::chrono::sys_time<std::chrono::milliseconds> SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace assay
