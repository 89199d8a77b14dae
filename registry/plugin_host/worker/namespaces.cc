// SPDX-License-Identifier: Apache-2.0
// Namespaces: a user that is nobody outside, no network, no shared memory of others, and a file system of its own
// with the system's libraries in it. Not a namespace of process ids: a worker would be its init, whose own
// SIGABRT the kernel ignores; seccomp refuses signals to, and limits and memory of, other processes instead.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string>

#include "registry/plugin_host/worker/sandbox.h"
#include "storage/base/error.h"
#include "storage/env/unique_fd.h"

namespace assay::worker {
namespace {

// Where the new file system is put together; anything that is a folder will do.
constexpr const char* kStage = "/tmp";
constexpr unsigned long kHarmless = MS_NOSUID | MS_NODEV;

std::string reason(int error) {
  std::string text = std::strerror(error);
  if (error == EPERM || error == ENOSPC)
    text += "; this machine or container does not let programs make namespaces "
            "(sysctl user.max_user_namespaces, AppArmor, seccomp)";
  if (error == EINVAL) text += "; the process already has several threads";
  return text;
}

bool write_file(const char* path, const std::string& text) {
  const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
  return file.valid() && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Inside, the user and the group keep their numbers; none other exists.
bool map_user(uid_t user, gid_t group) {
  const auto same = [](unsigned id) { return std::to_string(id) + ' ' + std::to_string(id) + " 1"; };
  write_file("/proc/self/setgroups", "deny");
  return write_file("/proc/self/uid_map", same(user)) && write_file("/proc/self/gid_map", same(group));
}

void must(bool done, const std::string& doing) {
  if (!done) throw system_error(doing, errno);
}

// Shows `path` of the old file system at the same place below the stage, read-only. A symbolic link, such as
// /lib where it is usr/lib, is made anew.
void show(const std::string& path) {
  const std::string to = kStage + path;
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;  // not on this machine
  std::filesystem::create_directories(std::filesystem::path(to).parent_path());
  if (S_ISLNK(status.st_mode)) {
    std::filesystem::copy_symlink(path, to);
    return;
  }
  if (S_ISDIR(status.st_mode))
    must(::mkdir(to.c_str(), 0755) == 0, "make " + to);
  else
    must(UniqueFd(::open(to.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644)).valid(), "make " + to);
  must(::mount(path.c_str(), to.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0, "show " + path);
  // Best effort on top of Landlock and the missing capabilities: flags that the old mount has are locked, and
  // naming them all is what this would take on every machine.
  ::mount(nullptr, to.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | kHarmless, nullptr);
}

Layer own_files() {
  if (::unshare(CLONE_NEWNS) != 0) return {"mount namespace", false, reason(errno)};
  try {
    must(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "keep mounts private");
    must(::mount("assay-worker", kStage, "tmpfs", kHarmless, "size=1m,mode=755") == 0, "make a file system");
    for (const char* path : kReadable) show(path);
    show("/proc");
    show("/dev/null");
    show("/dev/urandom");
    must(::chdir(kStage) == 0 && ::syscall(SYS_pivot_root, ".", ".") == 0, "move into it");
    must(::umount2(".", MNT_DETACH) == 0 && ::chdir("/") == 0, "leave the old file system");
    must(::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | kHarmless, nullptr) == 0,
         "make it read-only");
  } catch (const std::exception& error) {
    return {"mount namespace", false, error.what()};
  }
  return {"mount namespace", true, "only the system's libraries, /proc and /sys/devices/system are there"};
}

Layer unshared(const char* name, int flags, const char* what) {
  if (::unshare(flags) != 0) return {name, false, reason(errno)};
  return {name, true, what};
}

}  // namespace

Layers enter_namespaces() {
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(CLONE_NEWUSER) != 0) {
    const std::string why = reason(errno);
    return {{"user namespace", false, why},
            {"network namespace", false, "needs the user namespace"},
            {"ipc namespace", false, "needs the user namespace"},
            {"mount namespace", false, "needs the user namespace"}};
  }
  if (!map_user(user, group)) {
    const std::string why = std::string("the user could not be mapped: ") + std::strerror(errno);
    return {{"user namespace", false, why}};
  }
  return {{"user namespace", true, "no rights outside of the worker"},
          unshared("network namespace", CLONE_NEWNET, "no network device"),
          unshared("ipc namespace", CLONE_NEWIPC | CLONE_NEWUTS, "no shared memory of others"), own_files()};
}

}  // namespace assay::worker
