// SPDX-License-Identifier: Apache-2.0
#include "registry/daemon/stop_signals.h"

#include <pthread.h>

#include <cerrno>

#include "storage/base/error.h"

namespace assay::daemon {

StopSignals::StopSignals() {
  sigemptyset(&stops_);
  sigaddset(&stops_, SIGTERM);
  sigaddset(&stops_, SIGINT);
  if (const int failed = pthread_sigmask(SIG_BLOCK, &stops_, &before_))
    throw system_error("blocking signals", failed);
  std::signal(SIGPIPE, SIG_IGN);
}

StopSignals::~StopSignals() {
  const timespec now{};
  while (sigtimedwait(&stops_, nullptr, &now) > 0) {
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

int StopSignals::wait() {
  int signal = 0;
  if (const int failed = sigwait(&stops_, &signal)) throw system_error("waiting for a signal", failed);
  return signal;
}

}  // namespace assay::daemon
