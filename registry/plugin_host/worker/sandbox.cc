// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/sandbox.h"

#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

#include "registry/plugin_host/spawn_worker.h"
#include "storage/base/error.h"

namespace assay::worker {
namespace {

constexpr rlim_t kFiles = 64;
constexpr rlim_t kThreads = 512;  // of the user in its namespace: threads of one plugin, with room

Layers& layers() {
  static Layers all;
  return all;
}

void add(Layers more) {
  for (Layer& each : more) layers().push_back(std::move(each));
}

bool active(const char* name) {
  for (const Layer& each : layers())
    if (each.name == name) return each.active;
  return false;
}

void limit(int resource, rlim_t value, const char* doing) {
  const rlimit both{value, value};
  if (::setrlimit(static_cast<__rlimit_resource_t>(resource), &both) != 0) throw system_error(doing, errno);
}

// Private writable memory in use: what RLIMIT_DATA counts. Under a sanitizer that is terabytes of shadow, so
// the limit is set on top of it.
std::uint64_t data_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::uint64_t kib = 0;
    if (word == "VmData:" && status >> kib) return kib << 10;
  }
  throw Error(Code::unavailable, "read /proc/self/status: there is no VmData in it; is /proc mounted?");
}

Layer limit_resources(const SandboxLimits& limits) {
  limit(RLIMIT_CORE, 0, "forbid core files");
  limit(RLIMIT_FSIZE, 0, "forbid writing to files");
  limit(RLIMIT_NOFILE, kFiles, "limit open files");
  limit(RLIMIT_MEMLOCK, 0, "forbid locked memory");
  limit(RLIMIT_MSGQUEUE, 0, "forbid message queues");
  std::string what = "no core, no written files, " + std::to_string(kFiles) + " open files";
  // Counted per user and, inside a namespace of users, from nothing; outside of one the user's other processes
  // would count too. Processes cannot be made at all: see system_calls.cc.
  if (active("user namespace")) {
    limit(RLIMIT_NPROC, kThreads, "limit threads");
    what += ", " + std::to_string(kThreads) + " threads";
  }
  if (limits.memory_bytes != 0) {
    limit(RLIMIT_DATA, data_bytes() + limits.memory_bytes, "limit memory");
    what += ", " + std::to_string(limits.memory_bytes >> 20) + " MiB of memory";
  }
  return {"resource limits", true, what};
}

// A user namespace gives all capabilities inside it, and an administrator has them outside.
Layer drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) throw system_error("drop capabilities", errno);
  return {"capabilities", true, "none are held"};
}

Layer forbid_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw system_error("forbid new privileges", errno);
  return {"no new privileges", true, "no program can give any back"};
}

}  // namespace

void enter_sandbox(const SandboxLimits& limits) {
  if (::close_range(kWorkerLibrary + 1, ~0u, 0) != 0) throw system_error("close inherited files", errno);
  add({{"files and environment", true, "a socket, the library and its output; nothing inherited"}});
  add(enter_namespaces());
  add({limit_resources(limits)});
  add({forbid_privileges()});
  add({restrict_files()});
  add({drop_capabilities()});
  add({forbid_calls()});
}

void seal_sandbox() {
  static const bool sealed = [] {
    add({forbid_files()});
    return true;
  }();
  static_cast<void>(sealed);
}

const Layers& sandbox_layers() {
  return layers();
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
