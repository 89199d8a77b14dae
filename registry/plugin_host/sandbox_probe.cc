// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/sandbox_probe.h"

#include "registry/plugin_host/worker_process.h"

namespace assay {

std::vector<SandboxLayer> probe_sandbox(const std::filesystem::path& worker) {
  WorkerProcess process(worker, -1, "none");
  CallOptions limits;
  limits.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  process.begin_call("look at the sandbox of plugins", limits);
  process.send(wire::FrameKind::layers, nlohmann::json::object());
  const WireFrame done = process.receive();
  process.end_call();
  std::vector<SandboxLayer> layers;
  for (const auto& layer : done.json.at("layers"))
    layers.push_back({layer.at("name").get<std::string>(), layer.at("active").get<bool>(),
                      layer.at("what").get<std::string>()});
  return layers;
}

}  // namespace assay
