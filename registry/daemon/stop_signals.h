// SPDX-License-Identifier: Apache-2.0
// SIGTERM and SIGINT as something to wait for, instead of something that happens to a thread.
#pragma once

#include <csignal>

namespace assay::daemon {

class StopSignals {
 public:
  // Blocks both for the calling thread and for those it starts; a broken pipe becomes an error instead of a
  // signal.
  StopSignals();
  // Puts the calling thread's mask back. Signals that came again meanwhile are answered by that: stopping twice is
  // stopping once.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Returns the signal that came.
  int wait();

 private:
  sigset_t stops_;
  sigset_t before_;
};

}  // namespace assay::daemon
