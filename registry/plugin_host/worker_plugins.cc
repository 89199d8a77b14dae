// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker_plugins.h"

#include <fmt/format.h>

#include <map>
#include <mutex>

#include "registry/plugin_host/config_schema.h"
#include "registry/plugin_host/in_process.h"
#include "registry/plugin_host/proxies.h"
#include "registry/plugin_host/plugin_session.h"
#include "registry/plugin_host/search.h"
#include "registry/plugin_host/shared_table_memory.h"
#include "storage/base/error.h"

namespace assay {

struct WorkerPlugins::Impl {
  explicit Impl(PluginHostOptions options)
      : clock(options.clock ? options.clock : std::make_shared<SystemClock>()),
        house{{options.worker, options.limits, options.idle_workers, *clock}, CrashBreaker(*clock)},
        trusted_digests(options.trusted),
        search(std::move(options)) {}

  // The library, when it runs in this process; loaded once.
  std::shared_ptr<const TrustedLibrary> trusted(const PluginInfo& plugin) {
    if (!trusted_digests.contains(plugin.digest)) return nullptr;
    const auto library = search.find(plugin.digest.text());
    const std::lock_guard lock(mutex);
    auto& loaded = trusted_libraries[plugin.digest];
    if (!loaded) loaded = std::make_shared<const TrustedLibrary>(library);
    return loaded;
  }

  std::unique_ptr<PluginSession> open(const PluginInfo& plugin, std::string_view component,
                                std::string_view capability, const Config& config) {
    const ComponentInfo& chosen = choose_component(plugin, component, capability);
    return std::make_unique<PluginSession>(house, search.find(plugin.digest.text()), chosen.id,
                                     std::string(capability), config);
  }

  std::shared_ptr<const Clock> clock;  // shared with whoever moves it, in tests
  WorkerHouse house;
  const std::set<Digest> trusted_digests;
  std::mutex mutex;  // guards the map
  std::map<Digest, std::shared_ptr<const TrustedLibrary>> trusted_libraries;
  PluginSearch search;
};

PluginHostOptions plugin_host_beside(const std::filesystem::path& executable, std::string_view plugin_path) {
  // bin/assay in an installation, registry/assay in a build tree: the folder above holds the rest in both.
  const std::filesystem::path root = executable.parent_path().parent_path();
  PluginHostOptions options;
  options.worker = root / "libexec/assay/assay-worker";
  while (!plugin_path.empty()) {
    const std::size_t end = std::min(plugin_path.find(':'), plugin_path.size());
    if (end != 0) options.directories.emplace_back(plugin_path.substr(0, end));
    plugin_path.remove_prefix(std::min(end + 1, plugin_path.size()));
  }
  options.directories.push_back(root / "lib/assay/plugins");
  return options;
}

WorkerPlugins::WorkerPlugins(PluginHostOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
WorkerPlugins::~WorkerPlugins() = default;

PluginInfo WorkerPlugins::find(std::string_view wanted) {
  return impl_->search.find(wanted)->info();
}

std::vector<PluginInfo> WorkerPlugins::list() {
  std::vector<PluginInfo> plugins;
  for (const auto& library : impl_->search.list()) plugins.push_back(library->info());
  return plugins;
}

Config WorkerPlugins::complete_config(const PluginInfo& plugin, std::string_view component,
                                      std::string_view config) {
  for (const ComponentInfo& candidate : plugin.components)
    if (candidate.id == component)
      return assay::complete_config(candidate.config_schema, config, plugin.name);
  throw Error(Code::invalid_argument,
              fmt::format("plugin {} has no component \"{}\"", plugin.name, component));
}

TableMemory WorkerPlugins::table_memory(std::uint64_t bytes) {
  if (bytes < SharedTableMemory::kWorthIt) return nullptr;
  return std::make_shared<SharedTableMemory>(bytes);
}

std::unique_ptr<Trainer> WorkerPlugins::trainer(const PluginInfo& plugin, std::string_view component,
                                                const Config& config) {
  if (auto library = impl_->trusted(plugin))
    return trainer_in_process(std::move(library), choose_component(plugin, component, kTrainer).id, config);
  return make_trainer(impl_->open(plugin, component, kTrainer, config));
}

std::unique_ptr<Scorer> WorkerPlugins::scorer(const PluginInfo& plugin, std::string_view component,
                                              const Config& config) {
  if (auto library = impl_->trusted(plugin))
    return scorer_in_process(std::move(library), choose_component(plugin, component, kScorer).id, config);
  return make_scorer(impl_->open(plugin, component, kScorer, config));
}

std::unique_ptr<Fold> WorkerPlugins::fold(const PluginInfo& plugin, std::string_view component,
                                          std::string_view capability, const Config& config) {
  if (auto library = impl_->trusted(plugin))
    return fold_in_process(std::move(library), choose_component(plugin, component, capability).id, capability,
                           config);
  return make_fold(impl_->open(plugin, component, capability, config), capability);
}

}  // namespace assay
