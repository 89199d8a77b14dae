// SPDX-License-Identifier: Apache-2.0
#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace assay::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::minutes kMaxRun{2};
constexpr std::chrono::minutes kMaxLine{1};

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(what + ": " + std::strerror(error));
}

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe", errno);
    read = ends[0];
    write = ends[1];
  }
  ~Pipe() {
    close(read);
    close(write);
  }
  static void close(int& fd) {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  int read = -1;
  int write = -1;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_of(const ProcessOptions& options) {
  std::map<std::string, std::string> merged = options.environment;
  for (const char* name :
       {"PATH", "TMPDIR", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH"})
    if (const char* value = std::getenv(name)) merged.emplace(name, value);
  std::vector<std::string> out;
  for (const auto& [name, value] : merged) out.push_back(name + "=" + value);
  return out;
}

// Starts `command` with these descriptors as its stdin, stdout and stderr.
pid_t spawn(std::vector<std::string> command, const ProcessOptions& options, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
  if (!options.directory.empty()) posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str());
  std::vector<std::string> environment = environment_of(options);
  const auto arguments = pointers(command);
  const auto variables = pointers(environment);
  pid_t pid = -1;
  const int failed =
      ::posix_spawn(&pid, command.front().c_str(), &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) fail("starting " + command.front(), failed);
  return pid;
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) fail("waiting for a process", errno);
  return exit_code_of(status);
}

int remaining_ms(Clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(left > 0 ? left : 0);
}

// Appends what is there to `into`; false at the end.
bool read_some(int fd, std::string& into) {
  std::array<char, 64 * 1024> buffer;
  const ssize_t got = ::read(fd, buffer.data(), buffer.size());
  if (got > 0) into.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0 || (got < 0 && errno == EINTR);
}

// Feeds and drains the three pipes until both outputs end; false when that takes too long.
bool exchange(Pipe& in, Pipe& out, Pipe& err, std::string_view input, ProcessResult& result) {
  const auto deadline = Clock::now() + kMaxRun;
  ::signal(SIGPIPE, SIG_IGN);
  if (input.empty()) Pipe::close(in.write);
  while (out.read >= 0 || err.read >= 0) {
    std::array<pollfd, 3> waits = {pollfd{in.write, POLLOUT, 0}, pollfd{out.read, POLLIN, 0},
                                   pollfd{err.read, POLLIN, 0}};
    const int ready = ::poll(waits.data(), waits.size(), remaining_ms(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    if (waits[0].revents != 0) {
      const ssize_t put = ::write(in.write, input.data(), std::min<std::size_t>(input.size(), 4096));
      if (put > 0) input.remove_prefix(static_cast<std::size_t>(put));
      if (put < 0 || input.empty()) Pipe::close(in.write);
    }
    if (waits[1].revents != 0 && !read_some(out.read, result.out)) Pipe::close(out.read);
    if (waits[2].revents != 0 && !read_some(err.read, result.err)) Pipe::close(err.read);
  }
  return true;
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& command, const ProcessOptions& options) {
  Pipe in, out, err;
  const pid_t pid = spawn(command, options, in.read, out.write, err.write);
  Pipe::close(in.read);
  Pipe::close(out.write);
  Pipe::close(err.write);
  ProcessResult result;
  const bool ended = exchange(in, out, err, options.input, result);
  if (!ended) ::kill(pid, SIGKILL);
  result.exit_code = wait_for(pid);
  if (!ended)
    throw std::runtime_error(command.front() + " took too long; it had said: " + result.out + result.err);
  return result;
}

Process::Process(const std::vector<std::string>& command, const std::filesystem::path& log,
                 const ProcessOptions& options)
    : log_(log) {
  Pipe out;
  int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  int err = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (nothing < 0 || err < 0) fail("opening " + log.string(), errno);
  pid_ = spawn(command, options, nothing, out.write, err);
  Pipe::close(nothing);
  Pipe::close(err);
  out_ = out.read;
  out.read = -1;
}

Process::~Process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
  }
  Pipe::close(out_);
}

std::string Process::read_line() {
  const auto deadline = Clock::now() + kMaxLine;
  while (unread_.find('\n') == std::string::npos) {
    pollfd wait{out_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, remaining_ms(deadline));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0 || !read_some(out_, unread_))
      throw std::runtime_error("the process said no further line; its log: " + read_file(log_));
  }
  const auto end = unread_.find('\n');
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end + 1);
  return line;
}

void Process::signal(int number) {
  if (pid_ > 0) ::kill(pid_, number);
}

int Process::wait() {
  if (pid_ <= 0) return -1;
  const int code = wait_for(pid_);
  pid_ = -1;
  return code;
}

}  // namespace assay::test
