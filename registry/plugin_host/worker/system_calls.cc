// SPDX-License-Identifier: Apache-2.0
// The system calls that are left to a plugin. What is not named here does not exist for it (ENOSYS, so that C
// libraries fall back as on an old kernel); what only an attack or a bug makes ends the process, and its last words
// say which call it was; what libraries try in good faith (a socket, a file) is refused.
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "registry/plugin_host/spawn_worker.h"
#include "registry/plugin_host/worker/sandbox.h"
#include "storage/base/error.h"

namespace assay::worker {
namespace {

// Memory, threads, waiting, time, what one knows of oneself, and files that are open already.
constexpr const char* kAllowed[] = {
    "brk", "munmap", "mremap", "madvise", "mincore", "msync", "membarrier",
    "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "exit", "exit_group",
    "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_get_priority_max",
    "sched_get_priority_min", "getpriority", "getcpu", "arch_prctl", "seccomp", "restart_syscall",
    "read", "write", "readv", "writev", "pread64", "pwrite64", "lseek", "close", "close_range", "dup", "dup2", "dup3",
    "fcntl", "fstat", "getdents64", "pipe", "pipe2", "eventfd2", "poll", "ppoll", "select", "pselect6", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "sendto", "sendmsg", "recvfrom", "recvmsg", "shutdown", "getsockopt",
    "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday", "time", "times", "getrusage",
    "sysinfo", "uname", "getrandom", "umask", "alarm", "getitimer", "setitimer", "timer_create", "timer_settime",
    "timer_gettime", "timer_getoverrun", "timer_delete", "getrlimit",
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid", "getgroups",
    "getpgid", "getpgrp", "getsid", "capget",
    "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigsuspend", "rt_sigtimedwait", "sigaltstack", "pause"};

// Refused as a system without the right would: libraries try these and do without.
constexpr const char* kRefused[] = {
    "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "creat", "mkdir", "mkdirat", "unlink",
    "unlinkat", "rmdir", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmod",
    "fchmodat", "chown", "fchown", "lchown", "fchownat", "truncate", "ftruncate", "fallocate", "utimensat", "mknod",
    "mknodat", "chdir", "fchdir", "memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "shmdt", "msgget",
    "semget", "mq_open", "inotify_init1", "setpriority", "sched_setaffinity", "sched_setparam", "sched_setscheduler",
    "sched_setattr", "ioprio_set", "setrlimit", "mlock", "mlock2", "mlockall", "setuid", "setgid", "setreuid",
    "setregid", "setresuid", "setresgid", "setgroups", "setsid", "setpgid", "capset", "tkill", "rt_sigqueueinfo",
    "rt_tgsigqueueinfo", "pidfd_send_signal", "setsockopt", "personality", "mbind", "set_mempolicy",
    "get_mempolicy", "migrate_pages", "move_pages", "sendfile", "splice", "tee", "vmsplice", "copy_file_range"};

// Looking at files: possible until the libraries are loaded.
constexpr const char* kLooking[] = {"open",  "openat", "openat2",  "stat",       "lstat",  "newfstatat", "statx",
                                    "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "statfs",
                                    "fstatfs"};

constexpr const char* kDeadly[] = {
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise",
    "pidfd_open", "pidfd_getfd", "kcmp", "mount", "umount2", "pivot_root", "chroot", "setns", "unshare", "move_mount",
    "open_tree", "fsopen", "fsmount", "fsconfig", "fspick", "mount_setattr", "open_by_handle_at", "name_to_handle_at",
    "bpf", "perf_event_open", "keyctl", "add_key", "request_key", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "userfaultfd", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "reboot", "swapon", "swapoff", "acct", "iopl", "ioperm", "modify_ldt", "quotactl", "syslog",
    "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "fanotify_init",
    "lookup_dcookie"};

// Names by number, for the last words; filled before any filter, read in a signal handler.
std::map<int, const char*>& deadly_names() {
  static std::map<int, const char*> names;
  return names;
}

void say(const char* text) {
  [[maybe_unused]] const ssize_t put = ::write(STDERR_FILENO, text, std::strlen(text));
}

// Runs on whatever thread made the call; only reads and writes.
void on_forbidden_call(int, siginfo_t* info, void*) {
  const auto found = deadly_names().find(info->si_syscall);
  say("assay-worker: the sandbox ended the plugin for the system call ");
  say(found == deadly_names().end() ? "clone, as a new process" : found->second);
  say("\n");
  ::_exit(kForbiddenCallExit);
}

class Filter {
 public:
  explicit Filter(std::uint32_t otherwise) : context_(::seccomp_init(otherwise)) {
    if (context_ == nullptr) throw Error(Code::unavailable, "make a filter of system calls");
    // Threads that exist already are put under it too.
    set(SCMP_FLTATR_CTL_TSYNC, 1);
    set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary search, not a list
    set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  }
  ~Filter() { ::seccomp_release(context_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  template <typename... Conditions>
  void rule(std::uint32_t action, const char* name, Conditions... conditions) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number < 0) return;  // another processor's, or newer than the library
    const std::array<scmp_arg_cmp, sizeof...(conditions)> all{conditions...};
    const int error = ::seccomp_rule_add_array(context_, action, number, all.size(), all.data());
    if (error != 0) throw system_error(std::string("forbid the system call ") + name, -error);
  }
  template <std::size_t Count>
  void rules(std::uint32_t action, const char* const (&names)[Count]) {
    for (const char* name : names) rule(action, name);
  }
  void load() {
    if (const int error = ::seccomp_load(context_); error != 0)
      throw system_error("enter a filter of system calls", -error);
  }

 private:
  void set(scmp_filter_attr attribute, std::uint32_t value) { ::seccomp_attr_set(context_, attribute, value); }

  scmp_filter_ctx context_;
};

scmp_arg_cmp is(unsigned argument, std::uint64_t value) {
  return {argument, SCMP_CMP_EQ, value, 0};
}
scmp_arg_cmp has(unsigned argument, std::uint64_t bits) {
  return {argument, SCMP_CMP_MASKED_EQ, bits, bits};
}
scmp_arg_cmp lacks(unsigned argument, std::uint64_t bits) {
  return {argument, SCMP_CMP_MASKED_EQ, bits, 0};
}

void allow_some_of(Filter& filter) {
  const auto self = static_cast<std::uint64_t>(::getpid());
  // Shared memory without a file would not count against the limit of memory.
  filter.rule(SCMP_ACT_ALLOW, "mmap", lacks(3, MAP_SHARED));
  constexpr std::uint64_t kBoth = MAP_SHARED | MAP_ANONYMOUS;
  filter.rule(SCMP_ACT_ALLOW, "mmap", scmp_arg_cmp{3, SCMP_CMP_MASKED_EQ, kBoth, MAP_SHARED});
  filter.rule(SCMP_ACT_ERRNO(EPERM), "mmap", has(3, kBoth));
  filter.rule(SCMP_ACT_ALLOW, "mprotect");
  filter.rule(SCMP_ACT_ALLOW, "clone", has(0, CLONE_THREAD));
  filter.rule(SCMP_ACT_TRAP, "clone", lacks(0, CLONE_THREAD));
  // Signals to oneself: abort() and raise().
  for (const char* name : {"kill", "tgkill"}) {
    filter.rule(SCMP_ACT_ALLOW, name, is(0, self));
    filter.rule(SCMP_ACT_ERRNO(EPERM), name, scmp_arg_cmp{0, SCMP_CMP_NE, self, 0});
  }
  filter.rule(SCMP_ACT_ALLOW, "rt_sigaction", scmp_arg_cmp{0, SCMP_CMP_NE, SIGSYS, 0});
  // Reading one's own limits, not setting any.
  filter.rule(SCMP_ACT_ALLOW, "prlimit64", is(0, 0), is(2, 0));
  for (const std::uint64_t option : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP})
    filter.rule(SCMP_ACT_ALLOW, "prctl", is(0, option));
  filter.rule(SCMP_ACT_ALLOW, "prctl", is(0, 0x53564d41));  // PR_SET_VMA: names for memory
  filter.rule(SCMP_ACT_ALLOW, "ioctl", is(1, TCGETS));      // is it a terminal?
  filter.rule(SCMP_ACT_ALLOW, "ioctl", is(1, FIONREAD));
}

Layer loaded(Filter& filter, const char* name, const char* what) {
  try {
    filter.load();
  } catch (const Error& error) {
    return {name, false, error.message()};
  }
  return {name, true, what};
}

}  // namespace

Layer forbid_calls() {
  for (const char* name : kDeadly) deadly_names().emplace(::seccomp_syscall_resolve_name(name), name);
  struct sigaction action {};
  action.sa_sigaction = on_forbidden_call;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSYS, &action, nullptr);

  constexpr std::uint64_t kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
  Filter filter(SCMP_ACT_ERRNO(ENOSYS));
  filter.rules(SCMP_ACT_ALLOW, kAllowed);
  filter.rules(SCMP_ACT_TRAP, kDeadly);
  allow_some_of(filter);
  filter.rules(SCMP_ACT_ERRNO(EPERM), kRefused);
  for (const char* name : kLooking)
    if (std::strncmp(name, "open", 4) != 0) filter.rule(SCMP_ACT_ALLOW, name);
  // openat2 has its flags in memory, where a filter cannot look: it does not exist, and libraries use openat.
  filter.rule(SCMP_ACT_ALLOW, "open", lacks(1, kWriting));
  filter.rule(SCMP_ACT_ALLOW, "openat", lacks(2, kWriting));
  for (const std::uint64_t flag : {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC}) {
    filter.rule(SCMP_ACT_ERRNO(EPERM), "open", has(1, flag));
    filter.rule(SCMP_ACT_ERRNO(EPERM), "openat", has(2, flag));
  }
  return loaded(filter, "seccomp, before loading",
                "no network, no processes, no rights, files only to be read");
}

Layer forbid_files() {
  Filter filter(SCMP_ACT_ALLOW);  // on top of stage one
  for (const char* name : kLooking)
    if (std::strcmp(name, "newfstatat") != 0) filter.rule(SCMP_ACT_ERRNO(EPERM), name);
  // fstat of an open file is spelled this way.
  filter.rule(SCMP_ACT_ERRNO(EPERM), "newfstatat", lacks(3, AT_EMPTY_PATH));
  filter.rule(SCMP_ACT_ERRNO(EPERM), "mmap", has(2, PROT_EXEC));
  filter.rule(SCMP_ACT_ERRNO(EPERM), "mprotect", has(2, PROT_EXEC));
  return loaded(filter, "seccomp, after loading", "no file can be opened, no memory made executable");
}

Layer trap_outside_calls() {
  constexpr std::uint64_t kWriting[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC};
  // What libraries ask about themselves and the machine is none of the outside's.
  constexpr std::string_view kHarmless[] = {"setpriority", "sched_setaffinity", "sched_setparam", "sched_setscheduler",
                                            "sched_setattr", "mlock", "mlock2", "mlockall", "mbind", "set_mempolicy",
                                            "get_mempolicy", "migrate_pages", "move_pages", "personality"};
  for (const char* name : kRefused) deadly_names().emplace(::seccomp_syscall_resolve_name(name), name);
  for (const char* name : {"open", "openat"}) deadly_names().emplace(::seccomp_syscall_resolve_name(name), name);
  Filter filter(SCMP_ACT_ALLOW);  // on top of the others; a trap outweighs a refusal
  for (const char* name : kRefused)
    if (std::find(std::begin(kHarmless), std::end(kHarmless), name) == std::end(kHarmless)) filter.rule(SCMP_ACT_TRAP, name);
  for (const std::uint64_t flag : kWriting) {
    filter.rule(SCMP_ACT_TRAP, "open", has(1, flag));
    filter.rule(SCMP_ACT_TRAP, "openat", has(2, flag));
  }
  return loaded(filter, "seccomp, while checked", "what reaches outside ends the process");
}

}  // namespace assay::worker
