// SPDX-License-Identifier: Apache-2.0
// Everything that a worker gives up before the first byte of a plugin runs, and what more it gives up once the
// plugin is loaded. Each layer is a file of its own (namespaces, landlock, system_calls); none is needed for
// another to hold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace assay::worker {

// Whether a layer holds here. One that the machine does not offer is left out, with the reason: a container
// without user namespaces must still be able to run plugins.
struct Layer {
  std::string name;
  bool active = false;
  std::string what;  // it does; or why it is not active
};
using Layers = std::vector<Layer>;

struct SandboxLimits {
  std::uint64_t memory_bytes = 0;  // beyond what the worker has now; 0 is no limit
};

// Stage one, while the process has one thread: files, namespaces, Landlock, resource limits, capabilities,
// system calls. Throws Error for what every Linux has (no new privileges, limits).
void enter_sandbox(const SandboxLimits& limits);
// Stage two, on all threads, after the library and all that it links are loaded: no file can be opened and no
// memory made executable any more. A second call does nothing.
void seal_sandbox();
// For a check of a plugin: from here on, what was refused in good faith (a socket, a changed file) ends the process,
// and its last words say which call it was. To be called after seal_sandbox or before, on one thread.
Layer trap_outside_calls();
// What came of the stages, in the order above.
const Layers& sandbox_layers();

// Ends this process when the host's end of `socket` is gone, even while a plugin never returns. A thread of
// its own, because the kernel's parent-death signal is tied to the host's *thread* that started us, which may
// end long before the host. To be called after enter_sandbox, so that the thread is confined as well.
void follow_host(int socket);

// The parts.
Layers enter_namespaces();  // namespaces.cc
Layer restrict_files();     // landlock.cc
Layer forbid_calls();       // system_calls.cc, stage one
Layer forbid_files();       // system_calls.cc, stage two

// Where libraries are loaded from, and the few other files that C libraries and OpenMP read to learn about the
// machine. Nothing else is visible to a plugin.
inline constexpr const char* kReadable[] = {
    "/usr",           "/lib",          "/lib32",     "/lib64",
    "/libx32",        "/nix/store",    "/gnu/store", "/etc/ld.so.cache",
    "/etc/alternatives", "/sys/devices/system/cpu", "/sys/devices/system/node"};
}  // namespace assay::worker
