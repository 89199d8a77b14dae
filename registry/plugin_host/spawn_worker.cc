// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/spawn_worker.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <string>

#include "storage/base/error.h"

namespace assay {
namespace {

// Above the numbers that the worker uses, so that giving it one file never overwrites another on its way.
UniqueFd lifted(int fd) {
  UniqueFd high(::fcntl(fd, F_DUPFD_CLOEXEC, 16));
  if (!high.valid()) throw system_error("start a plugin worker", errno);
  return high;
}

struct Actions {
  Actions() { ::posix_spawn_file_actions_init(&value); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&value); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  posix_spawn_file_actions_t value;
};

struct Attributes {
  Attributes() {
    ::posix_spawnattr_init(&value);
    // Signals as a fresh process has them, and a group of its own: an interrupt typed at the terminal is for
    // us, and we then tell the worker to stop.
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&value, &none);
    ::posix_spawnattr_setsigdefault(&value, &all);
    ::posix_spawnattr_setpgroup(&value, 0);
    ::posix_spawnattr_setflags(&value,
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&value); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  posix_spawnattr_t value;
};

// Of the machine, or of the control group that a container gave us.
std::uint64_t usable_memory() {
  std::uint64_t bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                        static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  for (const char* path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream file(path);
    std::uint64_t most = 0;
    if (file >> most) bytes = std::min(bytes, most);  // "max" is no number
  }
  return bytes;
}

}  // namespace

SpawnedWorker spawn_worker(const std::filesystem::path& executable, int library_fd,
                           const WorkerLimits& limits) {
  int pair[2], pipe[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    throw system_error("start a plugin worker", errno);
  UniqueFd ours(pair[0]), theirs(pair[1]);
  if (::pipe2(pipe, O_CLOEXEC) != 0) throw system_error("start a plugin worker", errno);
  UniqueFd reading(pipe[0]), writing(pipe[1]);
  ::fcntl(ours.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(reading.get(), F_SETFL, O_NONBLOCK);

  const UniqueFd socket = lifted(theirs.get()), output = lifted(writing.get());
  const UniqueFd library = library_fd < 0 ? UniqueFd() : lifted(library_fd);
  Actions actions;
  ::posix_spawn_file_actions_addopen(&actions.value, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions.value, output.get(), 1);
  ::posix_spawn_file_actions_adddup2(&actions.value, output.get(), 2);
  ::posix_spawn_file_actions_adddup2(&actions.value, socket.get(), kWorkerSocket);
  // Something has to hold the number until the library comes, or a file of the C library would take it.
  if (library.valid())
    ::posix_spawn_file_actions_adddup2(&actions.value, library.get(), kWorkerLibrary);
  else
    ::posix_spawn_file_actions_addopen(&actions.value, kWorkerLibrary, "/dev/null", O_RDONLY, 0);
  const Attributes attributes;
  std::string name = executable.filename();
  std::string memory =
      std::to_string(limits.memory_bytes == 0 ? usable_memory() / 4 * 3 : limits.memory_bytes);
  char* arguments[] = {name.data(), memory.data(), nullptr};
  // Nothing of ours but this: OpenMP's waiting threads would otherwise spin, and with more threads than free
  // processors that made training ten times slower. libgomp reads it while it is loaded.
  std::string wait_policy = "OMP_WAIT_POLICY=passive";
  char* environment[] = {wait_policy.data(), nullptr};
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, executable.c_str(), &actions.value, &attributes.value, arguments, environment);
  if (error != 0)
    throw Error(Code::unavailable, "start the plugin worker " + executable.string() + ": " +
                                       system_error("run it", error).message() +
                                       "; it is installed beside assay in libexec/assay");
  return {pid, std::move(ours), std::move(reading)};
}

}  // namespace assay
