// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/ports.h"

#include <fmt/format.h>

#include <algorithm>

#include "registry/domain/nearest.h"
#include "storage/base/error.h"

namespace assay {

void Progress::progress(double, std::string_view) {}
void Progress::log(PluginLogLevel, std::string_view) {}
void Progress::metric(std::string_view, std::int64_t, double) {}
TableMemory Plugins::table_memory(std::uint64_t) {
  return nullptr;
}

namespace {

bool offers(const ComponentInfo& component, std::string_view capability) {
  return std::find(component.capabilities.begin(), component.capabilities.end(), capability) !=
         component.capabilities.end();
}

std::string offered(const PluginInfo& plugin) {
  std::string text;
  for (const ComponentInfo& component : plugin.components)
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", component.id,
                        fmt::join(component.capabilities, ", "));
  return text;
}

}  // namespace

const ComponentInfo& choose_component(const PluginInfo& plugin, std::string_view component,
                                      std::string_view capability) {
  std::vector<std::string> able;
  for (const ComponentInfo& candidate : plugin.components)
    if (offers(candidate, capability)) able.push_back(candidate.id);
  if (component.empty() && able.size() == 1) component = able.front();
  for (const ComponentInfo& candidate : plugin.components)
    if (candidate.id == component && offers(candidate, capability)) return candidate;
  if (component.empty() && able.size() > 1)
    throw Error(Code::invalid_argument, fmt::format("plugin {} has more than one {}: name one of {}",
                                                    plugin.name, capability, fmt::join(able, ", ")));
  const std::string wanted = component.empty() ? "" : fmt::format(" called \"{}\"", component);
  throw Error(Code::invalid_argument,
              fmt::format("plugin {} {} has no {}{}; it offers {}{}", plugin.name, plugin.version, capability,
                          wanted, offered(plugin), did_you_mean(component, able)));
}

PluginUse use_of(const PluginInfo& plugin, const ComponentInfo& component) {
  return {plugin.name, plugin.version, plugin.digest, component.id};
}

}  // namespace assay
