// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/plugin_host/support.h"

#include <algorithm>
#include <fstream>

namespace assay::test {

std::filesystem::path worker() {
  return ASSAY_WORKER;
}
std::filesystem::path test_plugin(const std::string& name) {
  return std::filesystem::path(ASSAY_TEST_PLUGINS) / (name + ".so");
}
WorkerPlugins plugins() {
  return plugins(WorkerLimits{});
}
WorkerPlugins plugins(WorkerLimits limits) {
  return WorkerPlugins({.worker = worker(), .directories = {}, .registry = {}, .limits = limits});
}

Opened choose(WorkerPlugins& plugins, const std::string& plugin, const std::string& component,
              const std::string& config) {
  PluginInfo info = plugins.find(test_plugin(plugin).string());
  Config complete = plugins.complete_config(info, component, config);
  return {std::move(info), std::move(complete)};
}

RowSet rows(const std::string& csv, std::vector<ColumnRole> roles, std::int64_t batch_rows) {
  return {
      .table = read_csv(csv), .roles = std::move(roles), .digest = Digest::of(csv), .batch_rows = batch_rows};
}

Outcome fit(WorkerPlugins& host, const std::string& mode, const CallOptions& options) {
  const Opened probe = choose(host, "probe", "learner", R"({"at":"fit","mode":")" + mode + "\"}");
  Outcome outcome;
  const auto trainer = host.trainer(probe.info, "learner", probe.config);
  const auto start = std::chrono::steady_clock::now();
  try {
    trainer->fit(rows("a,y\n1,0\n", {{"label", "y"}}), nullptr, nullptr, outcome.model, options,
                 outcome.listener);
  } catch (const Error& error) {
    outcome.error = error;
  }
  outcome.took = std::chrono::steady_clock::now() - start;
  return outcome;
}
Outcome fit(const std::string& mode, const CallOptions& options) {
  WorkerPlugins host = plugins();
  return fit(host, mode, options);
}

void Listener::progress(double fraction, std::string_view) {
  furthest = std::max(furthest, fraction);
}
void Listener::log(PluginLogLevel, std::string_view message) {
  logs.emplace_back(message);
}
void Listener::metric(std::string_view name, std::int64_t step, double value) {
  metrics.push_back({std::string(name), step, value});
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

}  // namespace assay::test
