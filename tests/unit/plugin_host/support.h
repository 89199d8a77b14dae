// SPDX-License-Identifier: Apache-2.0
// What the tests of the plugin host share: the worker and test plugins as built, small tables, and a listener
// that keeps what it hears.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "registry/compute/bundle.h"
#include "registry/compute/csv.h"
#include "registry/plugin_host/worker_plugins.h"
#include "storage/base/error.h"

namespace assay::test {

std::filesystem::path worker();
// The library of a test plugin: "probe", "rogue_throws", …
std::filesystem::path test_plugin(const std::string& name);
WorkerPlugins plugins();
WorkerPlugins plugins(WorkerLimits limits);

// A component of a test plugin with settings as JSON.
struct Opened {
  PluginInfo info;
  Config config;
};
Opened choose(WorkerPlugins& plugins, const std::string& plugin, const std::string& component,
              const std::string& config);

RowSet rows(const std::string& csv, std::vector<ColumnRole> roles = {}, std::int64_t batch_rows = 65'536);

class Listener final : public Progress {
 public:
  void progress(double fraction, std::string_view what) override;
  void log(PluginLogLevel level, std::string_view message) override;
  void metric(std::string_view name, std::int64_t step, double value) override;

  std::vector<std::string> logs;
  std::vector<RunMetric> metrics;
  double furthest = 0;
};

// What one training of the probe in some mode of misbehaviour came to.
struct Outcome {
  std::optional<Error> error;
  MemoryBundle model;
  Listener listener;
  std::chrono::steady_clock::duration took{};
};
Outcome fit(WorkerPlugins& host, const std::string& mode, const CallOptions& options = {});
Outcome fit(const std::string& mode, const CallOptions& options = {});

// A clock that stands still until it is moved.
class StandingClock final : public Clock {
 public:
  std::chrono::sys_time<std::chrono::milliseconds> now() const override { return {}; }
  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::time_point() + std::chrono::hours(1) + std::chrono::seconds(passed.load());
  }
  std::atomic<std::int64_t> passed = 0;  // seconds
};

// The Error that `work` throws; fails the test when it throws none.
template <typename Work>
Error error_of(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  throw std::logic_error("no Error was thrown");
}

bool contains(std::string_view text, std::string_view part);
std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, std::string_view text);

}  // namespace assay::test
