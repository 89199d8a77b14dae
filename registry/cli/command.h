// SPDX-License-Identifier: Apache-2.0
// What one command file needs: how it declares itself, and what it is given when it runs.
#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "registry/cli/blob_cache.h"
#include "registry/cli/program.h"
#include "registry/client/api_client.h"

namespace assay::cli {

// Given to a command when it runs. Results go to stdout, everything else to stderr.
class Context {
 public:
  Context(const Program& program, const GlobalOptions& globals) : program_(program), globals_(globals) {}

  const Program& program() const { return program_; }
  // Whether the result is to be printed as JSON.
  bool json() const { return json_; }
  void set_json(bool on) { json_ = on; }
  // Finds the registry and the token on first use; throws as find_access does.
  client::ApiClient& api();
  // What is kept of earlier downloads; null when there is no cache or another command is using it. Opened on
  // first use; throws invalid_argument when its settings are wrong.
  BlobCache* cache();
  // Why there is no cache, as a clause; empty when it is switched off.
  const std::string& cache_note() const { return cache_note_; }
  // The data directory of commands that own local state: `given`, else the default one.
  std::filesystem::path data_dir(const std::string& given) const;

  // One document and a line end on stdout.
  void print_json(const nlohmann::json& document) const;

 private:
  const Program& program_;
  const GlobalOptions& globals_;
  bool json_ = false;
  std::unique_ptr<client::ApiClient> api_;
  std::unique_ptr<BlobCache> cache_;
  bool cache_opened_ = false;
  std::string cache_note_;
};

// Answers the exit code.
using Action = std::function<int(Context&)>;

struct CommandText {
  std::string name;
  std::string summary;
  std::string example;     // lines without `$`
  std::string exit_codes;  // besides those every command shares; may be empty
};

// The command groups of `assay --help`, by what people come to do.
inline constexpr const char* kPublishGroup = "Publish and fetch";
inline constexpr const char* kComputeGroup = "Train and judge";
inline constexpr const char* kStageGroup = "Move stages";
inline constexpr const char* kRecordGroup = "Look things up";
inline constexpr const char* kServerGroup = "Run a registry";

// Collects the commands, and which one was chosen.
class CommandSet {
 public:
  explicit CommandSet(CLI::App& app) : app_(app) {}

  CLI::App& root() { return app_; }
  // A command under the root, or under another command.
  CLI::App& add(const char* group, const CommandText& text);
  CLI::App& add(CLI::App& parent, const CommandText& text);
  // A command that only holds others.
  CLI::App& add_family(const char* group, const std::string& name, const std::string& summary);
  // What `command` does when it is the one chosen.
  void on(CLI::App& command, Action action);

  const Action& chosen() const { return chosen_; }

 private:
  CLI::App& app_;
  Action chosen_;
};

// A fresh object for one command's options, kept alive by the action that captures it.
template <class Options>
std::shared_ptr<Options> make_options() {
  return std::make_shared<Options>();
}

}  // namespace assay::cli
