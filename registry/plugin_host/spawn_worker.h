// SPDX-License-Identifier: Apache-2.0
// Starts the worker executable with nothing but what it needs: no environment of ours, no open files, a process
// group of its own. What the worker then takes away from itself is in worker/sandbox.cc.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "storage/env/unique_fd.h"

namespace assay {

// Where the worker finds its files.
inline constexpr int kWorkerSocket = 3;
inline constexpr int kWorkerLibrary = 4;

struct SpawnedWorker {
  pid_t pid;
  UniqueFd socket;  // to its fd 3, non-blocking
  UniqueFd output;  // what it writes to stdout and stderr, non-blocking
};

// Throws unavailable when `executable` cannot be run.
SpawnedWorker spawn_worker(const std::filesystem::path& executable, int library_fd);

}  // namespace assay
