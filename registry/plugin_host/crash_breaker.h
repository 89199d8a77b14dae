// SPDX-License-Identifier: Apache-2.0
// Remembers which plugins crash, and stops starting one that keeps doing so: a server would otherwise spend its
// time on starting workers that die.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "registry/compute/ports.h"
#include "storage/env/clock.h"

namespace assay {

// Any thread.
class CrashBreaker {
 public:
  static constexpr std::size_t kCrashes = 3;
  static constexpr std::chrono::minutes kWindow{10};

  explicit CrashBreaker(const Clock& clock) : clock_(clock) {}

  // Throws unavailable when `plugin` crashed kCrashes times in the last kWindow, saying how the last time, and
  // when it may be tried again.
  void check(const PluginInfo& plugin);
  void record(const PluginInfo& plugin, std::string how);

 private:
  struct History {
    std::deque<std::chrono::steady_clock::time_point> crashes;  // the last kCrashes, oldest first
    std::string last;
  };

  const Clock& clock_;
  std::mutex mutex_;  // guards the map
  std::map<Digest, History> histories_;
};

}  // namespace assay
