// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "registry/plugin_host/config_schema.h"
#include "registry/plugin_host/descriptor.h"
#include "registry/plugin_host/elf.h"
#include "registry/plugin_host/library.h"
#include "registry/plugin_host/worker_process.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kRuleLimit{30};
constexpr std::string_view kEntryPoint = "assay_plugin_open_v1";

struct Rule {
  std::string_view id, title;
};
constexpr Rule kDescriptorRule = {"C01", "carries a valid descriptor in the section .assay.manifest"};
constexpr Rule kExportRule = {"C02", "exports assay_plugin_open_v1 and nothing else"};
constexpr Rule kWorkerRules[] = {
    {"C04", "loads with all symbols resolved"},
    {"C05", "can be opened more than once"},
    {"C06", "writes no further than the struct_size it is given"},
    {"C07", "works in a host without optional callbacks and services"},
    {"C08", "refuses unknown components, capabilities and extensions"},
    {"C09", "says when it runs what its descriptor says"},
    {"C10", "makes every component with default settings and offers the declared capabilities"},
};

CheckResult result(const Rule& rule, CheckVerdict verdict, std::string message) {
  return {std::string(rule.id), std::string(rule.title), verdict, std::move(message)};
}

CheckResult check_exports(std::string_view bytes, const std::string& name) {
  const std::vector<std::string> symbols = ElfFile(bytes, name).exported_symbols();
  if (std::find(symbols.begin(), symbols.end(), kEntryPoint) == symbols.end())
    return result(kExportRule, CheckVerdict::fail, fmt::format("it does not export {}", kEntryPoint));
  if (symbols.size() == 1) return result(kExportRule, CheckVerdict::pass, "one symbol");
  std::vector<std::string> others;
  for (const std::string& symbol : symbols)
    if (symbol != kEntryPoint && others.size() < 5) others.push_back(symbol);
  return result(
      kExportRule, CheckVerdict::fail,
      fmt::format("it also exports {} more, such as {}; link it with assay_add_plugin() or a version script",
                  symbols.size() - 1, fmt::join(others, ", ")));
}

// The settings that every component has when none are given.
json defaults_of(const PluginInfo& plugin) {
  json defaults = json::object();
  for (const ComponentInfo& component : plugin.components)
    defaults[component.id] = complete_config(component.config_schema, "{}", component.id).canonical;
  return defaults;
}

CheckResult check_in_worker(const Rule& rule, const PluginInfo& plugin, const json& defaults, int library,
                            const std::filesystem::path& worker) {
  WorkerProcess process(worker, library, plugin.name);
  CallOptions limits;
  limits.deadline = std::chrono::steady_clock::now() + kRuleLimit;
  try {
    process.begin_call(std::string(rule.id), limits);
    process.send(wire::FrameKind::check,
                 {{"rule", rule.id}, {"descriptor", plugin.descriptor}, {"defaults", defaults}});
    WireFrame frame = process.receive();
    // What it reports meanwhile is none of the rules' business yet.
    while (frame.kind != wire::FrameKind::done) frame = process.receive();
    if (frame.json.value("status", json()) != 0)
      return result(rule, CheckVerdict::fail, frame.json.value("message", json()).dump());
    const bool passed = frame.json.value("passed", json()) == true;
    const json message = frame.json.value("message", json());
    return result(rule, passed ? CheckVerdict::pass : CheckVerdict::fail,
                  message.is_string() ? message.get<std::string>() : message.dump());
  } catch (const Error& error) {
    return result(rule, CheckVerdict::fail, error.message());
  }
}

std::vector<CheckResult> skip_the_rest(std::vector<CheckResult> results) {
  for (const Rule& rule : kWorkerRules) results.push_back(result(rule, CheckVerdict::skipped, "C01 failed"));
  return results;
}

}  // namespace

std::vector<CheckResult> check_plugin(const std::filesystem::path& library,
                                      const std::filesystem::path& worker) {
  const std::string bytes = read_library(library);
  const std::string name = library.filename().string();
  std::vector<CheckResult> results;
  std::optional<PluginInfo> plugin;
  json defaults;
  try {
    plugin = read_descriptor(bytes, Digest::of(bytes), name);
    defaults = defaults_of(*plugin);
    results.push_back(
        result(kDescriptorRule, CheckVerdict::pass,
               fmt::format("{} {}, {} components", plugin->name, plugin->version, defaults.size())));
  } catch (const Error& error) {
    results.push_back(result(kDescriptorRule, CheckVerdict::fail, error.message()));
  }
  try {
    results.push_back(check_exports(bytes, name));
  } catch (const Error& error) {
    results.push_back(result(kExportRule, CheckVerdict::fail, error.message()));
  }
  if (results.front().verdict == CheckVerdict::fail) return skip_the_rest(std::move(results));
  const UniqueFd memory = seal_in_memory(bytes, plugin->name);
  for (const Rule& rule : kWorkerRules)
    results.push_back(check_in_worker(rule, *plugin, defaults, memory.get(), worker));
  return results;
}

bool passed(const std::vector<CheckResult>& results) {
  return std::none_of(results.begin(), results.end(),
                      [](const CheckResult& each) { return each.verdict == CheckVerdict::fail; });
}

}  // namespace assay
