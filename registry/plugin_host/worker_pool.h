// SPDX-License-Identifier: Apache-2.0
// Workers that have been started and confined but hold no plugin yet, so that opening one does not wait for a
// process to start.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "registry/plugin_host/spawn_worker.h"
#include "registry/plugin_host/worker_process.h"
#include "storage/env/clock.h"

namespace assay {

// Any thread. A worker is used for one plugin and never comes back.
class WorkerPool {
 public:
  static constexpr std::chrono::minutes kIdleLimit{5};  // unasked for so long, the idle ones end

  // Keeps `idle` workers ready once the first was taken; 0 starts each when it is needed.
  WorkerPool(std::filesystem::path executable, WorkerLimits limits, std::size_t idle, const Clock& clock);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // A worker without a plugin: a ready one, or else one that is started now. Throws as WorkerProcess does.
  std::unique_ptr<WorkerProcess> take();

  // How many are ready, and waiting until they all are; for tests and benchmarks.
  std::size_t ready() const;
  void wait_until_full();
  // Ends the ready ones when none was taken for kIdleLimit. The pool does so by itself.
  void expire();

 private:
  void keep(const std::stop_token& stop);

  const std::filesystem::path executable_;
  const WorkerLimits limits_;
  const std::size_t idle_;
  const Clock& clock_;
  mutable std::mutex mutex_;  // guards what follows; not held while a worker starts or ends
  std::condition_variable_any changed_;
  std::deque<std::unique_ptr<WorkerProcess>> ready_;
  std::chrono::steady_clock::time_point taken_;  // the last time
  bool wanted_ = false;                          // to be filled up
  std::jthread keeper_;
};

}  // namespace assay
