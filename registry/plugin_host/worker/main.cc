// SPDX-License-Identifier: Apache-2.0
// assay-worker: one plugin, away from its host. Started only by assay, with a socket on fd 3, the library on fd 4
// (or coming later through the socket) and the bytes of memory that it may use as its one argument.
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "registry/plugin_host/spawn_worker.h"
#include "registry/plugin_host/worker/sandbox.h"
#include "registry/plugin_host/worker/server.h"

#if defined(__SANITIZE_ADDRESS__)
// A crash must look like one to the host, and memory that a plugin keeps until its process ends is no concern
// of ours.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:detect_leaks=0:"
         "allocator_may_return_null=1";
}
#endif

int main(int argc, char** argv) {
  int type = 0;
  socklen_t size = sizeof type;
  if (argc != 2 || ::getsockopt(assay::kWorkerSocket, SOL_SOCKET, SO_TYPE, &type, &size) != 0) {
    std::fputs("assay-worker runs plugins for assay and is not started by hand; see assay --help\n", stderr);
    return 60;
  }
  try {
    assay::worker::enter_sandbox({.memory_bytes = std::strtoull(argv[1], nullptr, 10)});
    assay::worker::follow_host(assay::kWorkerSocket);
    assay::worker::Channel channel(assay::kWorkerSocket);
    assay::worker::Server(channel).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "assay-worker: %s\n", error.what());
    ::_exit(1);
  }
  // Not exit: static destructors of a plugin's libraries have nothing to do for us and much to crash in.
  ::_exit(0);
}
