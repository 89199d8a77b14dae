// SPDX-License-Identifier: Apache-2.0
// What keeps a plugin in its place on this machine, as a worker without a plugin finds it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace assay {

struct SandboxLayer {
  std::string name;
  bool active = false;
  std::string what;  // it does; or why it is not active
};

// In the order in which a worker enters them. Throws as WorkerProcess does.
std::vector<SandboxLayer> probe_sandbox(const std::filesystem::path& worker);

}  // namespace assay
