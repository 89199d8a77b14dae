// SPDX-License-Identifier: Apache-2.0
// What train, evaluate, score, validate and drift have in common: their options, and the workbench that
// compute asks for, with the registry behind it over HTTP and plugins from this machine or the registry.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "registry/cli/command.h"
#include "registry/cli/progress.h"
#include "registry/cli/remote_artifacts.h"
#include "registry/cli/remote_plugins.h"
#include "registry/compute/evidence_result.h"

namespace assay::cli {

struct ComputeOptions {
  std::string plugin;
  std::string component;
  std::vector<std::string> settings;  // key=value
  std::int64_t seed = 0;
  unsigned threads = 0;        // 0: as many as the machine has
  std::int64_t timeout_s = 0;  // 0: none
  std::string place = "here";  // or "server"
};

// Adds --plugin and what goes with it.
void add_compute_options(CLI::App& command, ComputeOptions& options, const std::string& plugin_help);

// Adds --on: here, or in the server, whose record alone is attested.
void add_place_option(CLI::App& command, ComputeOptions& options);
bool on_server(const ComputeOptions& options);
// What the server's own worker makes of `wish`, which says kind, versions and columns as POST /api/v1/jobs/evidence
// takes them, with the plugin and settings of `options` unless it is a timing; empty texts are left out. Waits for it. Throws
// invalid_argument for options that only mean something here, and what the job failed with.
EvidenceResult make_on_server(Context& context, const ComputeOptions& options, nlohmann::json wish);

// key=value settings as a JSON object; values are read as YAML: 6, 0.1, true, text, [1, 2].
std::string settings_json(const std::vector<std::string>& settings);
CallOptions call_options(const ComputeOptions& options);

// Shows progress on a terminal, and a plugin's warnings and errors always, on stderr.
class TerminalProgress final : public Progress {
 public:
  explicit TerminalProgress(std::string what) : what_(what), line_(std::move(what)) {}

  void progress(double fraction_done, std::string_view step) override {
    line_.fraction(fraction_done, std::string(step));
  }
  void log(PluginLogLevel level, std::string_view message) override;

 private:
  std::string what_;
  ProgressLine line_;
};

class Bench {
 public:
  explicit Bench(Context& context);

  Plugins& plugins() { return *plugins_; }
  Artifacts& artifacts() { return artifacts_; }
  Workbench workbench() { return {*plugins_, artifacts_, runs_}; }

 private:
  RemoteArtifacts artifacts_;
  RemoteRunLog runs_;
  RemotePlugins remote_plugins_;
  std::unique_ptr<Plugins> plugins_;
};

// With the directories and keys that the environment names (config.h). `vet` may be empty.
std::unique_ptr<Plugins> open_plugins(Context& context, FetchPlugin fetch,
                                      std::function<void(const PluginInfo&)> vet = {});

}  // namespace assay::cli
