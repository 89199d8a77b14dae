// SPDX-License-Identifier: Apache-2.0
// The Plugins port over the C ABI: every component runs in a worker process of its own
// (libexec/assay/assay-worker), so that no plugin can harm its host; except those that an operator trusts by digest.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/compute/ports.h"
#include "registry/plugin_host/signature.h"
#include "registry/plugin_host/spawn_worker.h"
#include "storage/env/clock.h"

namespace assay {

// A plugin version in the registry, as a search needs it: the bytes of its library, fetched and verified.
struct RegisteredPlugin {
  std::filesystem::path library;  // its signature, if it has one, is beside it
  std::string reference;  // "default/gbt@2"
};

// How a search asks the registry: by name, reference or digest of the library. Nothing when it does not know.
using PluginLookup = std::function<std::optional<RegisteredPlugin>(std::string_view wanted)>;

struct PluginHostOptions {
  std::filesystem::path worker;                    // the assay-worker executable
  std::vector<std::filesystem::path> directories;  // searched in order, after the registry
  PluginLookup registry;                           // may be empty
  TrustedKeys keys{};                              // when there are some, only what they signed is used
  // Called for each plugin that is about to be used, also one used before; throws to refuse it. May be empty.
  std::function<void(const PluginInfo&)> vet{};
  // Run in this process instead of a worker, at its mercy: libraries of exactly these bytes, which an operator named.
  std::set<Digest> trusted = {};
  WorkerLimits limits = {};                        // of each plugin
  std::size_t idle_workers = 0;                    // kept ready; see worker_pool.h
  std::shared_ptr<const Clock> clock = nullptr;    // null: the system's
};

// The paths of an installation whose executable is `executable` (PREFIX/bin/assay:
// PREFIX/libexec/assay/assay-worker and PREFIX/lib/assay/plugins) or of a build tree (BUILD/registry/assay:
// BUILD/libexec/assay/assay-worker, BUILD/lib/assay/plugins). `plugin_path` is a ':'-separated list that goes
// before the installed directory; empty parts are skipped.
PluginHostOptions plugin_host_beside(const std::filesystem::path& executable, std::string_view plugin_path);

class WorkerPlugins final : public Plugins {
 public:
  explicit WorkerPlugins(PluginHostOptions options);
  ~WorkerPlugins() override;

  PluginInfo find(std::string_view wanted) override;
  std::vector<PluginInfo> list() override;
  Config complete_config(const PluginInfo& plugin, std::string_view component,
                         std::string_view config) override;
  TableMemory table_memory(std::uint64_t bytes) override;
  std::unique_ptr<Trainer> trainer(const PluginInfo& plugin, std::string_view component,
                                   const Config& config) override;
  std::unique_ptr<Scorer> scorer(const PluginInfo& plugin, std::string_view component,
                                 const Config& config) override;
  std::unique_ptr<Fold> fold(const PluginInfo& plugin, std::string_view component,
                             std::string_view capability, const Config& config) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace assay
