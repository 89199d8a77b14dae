// SPDX-License-Identifier: Apache-2.0
// `assay plugin doctor`: what keeps plugins in their place on this machine, and what does not and why.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "registry/cli/commands.h"
#include "registry/cli/plugin_doctor.h"
#include "registry/cli/table.h"

namespace assay::cli {
namespace {

constexpr int kSomeMissing = 10;

int doctor(Context& context) {
  const std::vector<PluginLayer> layers = context.program().probe_sandbox();
  const bool all =
      std::all_of(layers.begin(), layers.end(), [](const PluginLayer& layer) { return layer.active; });
  if (context.json()) {
    nlohmann::json document = nlohmann::json::array();
    for (const PluginLayer& layer : layers)
      document.push_back({{"layer", layer.name}, {"active", layer.active}, {"what", layer.what}});
    context.print_json(document);
  } else {
    Table table({"layer", "active", "what it does, or why not"});
    for (const PluginLayer& layer : layers) table.add({layer.name, layer.active ? "yes" : "no", layer.what});
    table.print(std::cout);
  }
  return all ? 0 : kSomeMissing;
}

}  // namespace

void add_plugin_doctor(CommandSet& commands, CLI::App& family) {
  CLI::App& command =
      commands.add(family, {"doctor", "Say what keeps plugins in their place on this machine",
                            "assay plugin doctor", "0 every layer is active, 10 some are not"});
  commands.on(command, doctor);
}

}  // namespace assay::cli
