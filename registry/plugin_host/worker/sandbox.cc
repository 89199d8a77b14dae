// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/sandbox.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "registry/plugin_host/spawn_worker.h"
#include "storage/base/error.h"

namespace assay::worker {

void enter_sandbox() {
  if (::close_range(kWorkerLibrary + 1, ~0u, 0) != 0) throw system_error("close inherited files", errno);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw system_error("forbid new privileges", errno);
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) throw system_error("forbid core files", errno);
}

void follow_host(int socket) {
  std::thread([socket] {
    pollfd watched{socket, POLLRDHUP, 0};
    for (;;) {
      const int ready = ::poll(&watched, 1, -1);
      if (ready > 0 && (watched.revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL)) != 0) ::_exit(0);
      if (ready < 0 && errno != EINTR) ::_exit(1);
    }
  }).detach();
}

}  // namespace assay::worker
