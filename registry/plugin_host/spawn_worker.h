// SPDX-License-Identifier: Apache-2.0
// Starts the worker executable with nothing but what it needs: no environment of ours, no open files, a process
// group of its own. What the worker then takes away from itself is in worker/sandbox.cc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>

#include "storage/env/unique_fd.h"

namespace assay {

// Where the worker finds its files.
inline constexpr int kWorkerSocket = 3;
inline constexpr int kWorkerLibrary = 4;
// How it ends when its plugin makes a system call that is forbidden; its last line of output says which.
inline constexpr int kForbiddenCallExit = 159;

struct SpawnedWorker {
  pid_t pid;
  UniqueFd socket;  // to its fd 3, non-blocking
  UniqueFd output;  // what it writes to stdout and stderr, non-blocking
};

struct WorkerLimits {
  // What a plugin may take beyond what the worker has at its start; 0 is most of what the machine or its container has.
  std::uint64_t memory_bytes = 0;
};

// `library_fd` may be -1, and is then sent later. Throws unavailable when `executable` cannot be run.
SpawnedWorker spawn_worker(const std::filesystem::path& executable, int library_fd,
                           const WorkerLimits& limits = {});

}  // namespace assay
