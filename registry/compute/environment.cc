// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/environment.h"

#include <sys/utsname.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "assay/abi.h"
#include "registry/domain/canonical_json.h"

namespace assay {
namespace {

// The first processor's model; empty where the kernel does not say.
std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return {};
}

}  // namespace

std::string this_environment(std::string_view assay) {
  nlohmann::json out = {{"assay", assay}, {"sdk_minor", ASSAY_ABI_MINOR}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  add("cpu", cpu_model());
  utsname name{};
  if (::uname(&name) == 0) {
    add("os", std::string(name.sysname) + ' ' + name.release);
    add("machine", name.machine);
  }
  return canonical(out);
}

}  // namespace assay
