// SPDX-License-Identifier: Apache-2.0
#include "tests/crash/child.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

// What a sanitizer keeps of freed memory has to be copied by every fork: this much finds what was just freed.
extern "C" const char* __asan_default_options() {
  return "quarantine_size_mb=4:thread_local_quarantine_size_kb=64";
}

namespace assay::test {
namespace {

constexpr int kThrew = 2, kMute = 3;  // exit codes

void tell(int fd, std::string_view text) {
  const std::string line = std::string(text) + '\n';
  // One write of so few bytes arrives whole or not at all.
  if (write(fd, line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(kMute);
}

[[noreturn]] void work_and_exit(const std::function<void(const Tell&)>& work, int fd) {
  try {
    work([fd](std::string_view line) { tell(fd, line); });
  } catch (const std::exception& error) {
    tell(fd, error.what());
    _exit(kThrew);
  }
  _exit(0);
}

std::vector<std::string> lines_of(int fd) {
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t got = 0; (got = read(fd, part.data(), part.size())) > 0;) text.append(part.data(), static_cast<std::size_t>(got));
  std::vector<std::string> out;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    out.push_back(text.substr(at, end - at));
  return out;
}

}  // namespace

Ending run_in_child(const std::function<void(const Tell&)>& work) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) throw std::runtime_error("no pipe to a child");
  const pid_t child = fork();
  if (child == 0) work_and_exit(work, ends[1]);
  close(ends[1]);
  Ending out{.told = lines_of(ends[0])};
  close(ends[0]);
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) throw std::runtime_error("no child");
  out.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (out.killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return out;
  throw std::runtime_error("the child failed: " + (out.told.empty() ? "it said nothing" : out.told.back()));
}

}  // namespace assay::test
