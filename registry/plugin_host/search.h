// SPDX-License-Identifier: Apache-2.0
// Where plugins are looked for: an explicit path, then the registry, then directories of libraries. Never the
// current directory, never by itself.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "registry/plugin_host/library.h"
#include "registry/plugin_host/worker_plugins.h"

namespace assay {

// Any thread.
class PluginSearch {
 public:
  explicit PluginSearch(PluginHostOptions options) : options_(std::move(options)) {}

  // As Plugins::find.
  std::shared_ptr<const PluginLibrary> find(std::string_view wanted);
  // Every usable library in the directories, by name; an unusable one is left out.
  std::vector<std::shared_ptr<const PluginLibrary>> list() const;

 private:
  std::shared_ptr<const PluginLibrary> find_unvetted(std::string_view wanted);
  std::shared_ptr<const PluginLibrary> keep(std::shared_ptr<const PluginLibrary> library);
  std::shared_ptr<const PluginLibrary> find_digest(const Digest& digest);
  std::shared_ptr<const PluginLibrary> find_registered(std::string_view wanted) const;
  std::shared_ptr<const PluginLibrary> find_installed(std::string_view name) const;
  [[noreturn]] void not_found(std::string_view wanted) const;

  PluginHostOptions options_;
  std::mutex mutex_;                                                  // guards libraries_
  std::map<Digest, std::shared_ptr<const PluginLibrary>> libraries_;  // those found so far
};

}  // namespace assay
