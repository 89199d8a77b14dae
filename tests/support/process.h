// SPDX-License-Identifier: Apache-2.0
// Other programs, run by a test: to their end, or in the background until told to stop.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace assay::test {

struct ProcessOptions {
  std::map<std::string, std::string>
      environment;                  // beside PATH and TMPDIR, which are passed on; nothing else is
  std::filesystem::path directory;  // where it runs; empty: here
  std::string input;                // its stdin
};

struct ProcessResult {
  int exit_code = -1;  // 128 + the signal's number when one ended it
  std::string out;
  std::string err;
};

// Runs `command` (a path, then its arguments) to its end. Throws std::runtime_error when it cannot be started
// or takes more than two minutes, in which case it is killed.
ProcessResult run_process(const std::vector<std::string>& command, const ProcessOptions& options = {});

// A program in the background, with stdin closed and stderr going to `log`. Killed when this object ends
// before it.
class Process {
 public:
  Process(const std::vector<std::string>& command, const std::filesystem::path& log,
          const ProcessOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  // The next line of its stdout, without the line end. Throws std::runtime_error, with the log, when it ends
  // or takes more than a minute.
  std::string read_line();
  void signal(int number);
  // Its exit code, as in ProcessResult.
  int wait();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  std::filesystem::path log_;
  std::string unread_;
};

}  // namespace assay::test
