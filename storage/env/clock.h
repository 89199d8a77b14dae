// SPDX-License-Identifier: Apache-2.0
// What time it is, as a seam: code that stamps or expires takes a Clock, and a test hands it one that stands
// still.
#pragma once

#include <chrono>

namespace assay {

// Any thread may call any method at any time.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall-clock time, UTC, to the millisecond. It may jump when the machine's clock is set: stamp with it.
  virtual std::chrono::sys_time<std::chrono::milliseconds> now() const = 0;
  // Never goes back, from an arbitrary origin: measure and expire with it. Real time unless overridden.
  virtual std::chrono::steady_clock::time_point steady_now() const;
};

class SystemClock final : public Clock {
 public:
  std::chrono::sys_time<std::chrono::milliseconds> now() const override;
};

}  // namespace assay
