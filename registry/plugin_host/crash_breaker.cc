// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/crash_breaker.h"

#include <fmt/format.h>

#include "storage/base/error.h"

namespace assay {

void CrashBreaker::check(const PluginInfo& plugin) {
  const std::lock_guard lock(mutex_);
  const auto found = histories_.find(plugin.digest);
  if (found == histories_.end() || found->second.crashes.size() < kCrashes) return;
  const auto left = found->second.crashes.front() + kWindow - clock_.steady_now();
  if (left <= left.zero()) return;
  throw Error(Code::unavailable,
              fmt::format("plugin {} {} crashed {} times within {} minutes and is not started for another {} s; "
                          "the last time: {}. Use another version of it, or run assay plugin check on it",
                          plugin.name, plugin.version, kCrashes, kWindow.count(),
                          std::chrono::ceil<std::chrono::seconds>(left).count(), found->second.last));
}

void CrashBreaker::record(const PluginInfo& plugin, std::string how) {
  const std::lock_guard lock(mutex_);
  History& history = histories_[plugin.digest];
  history.crashes.push_back(clock_.steady_now());
  if (history.crashes.size() > kCrashes) history.crashes.pop_front();
  history.last = std::move(how);
}

}  // namespace assay
