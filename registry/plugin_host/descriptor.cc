// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/descriptor.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "assay/abi.h"
#include "registry/domain/canonical_json.h"
#include "registry/domain/json_reader.h"
#include "registry/plugin_host/elf.h"
#include "storage/base/error.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::int64_t kDescriptorVersion = 1;
constexpr std::size_t kMaxComponents = 64;
constexpr std::int64_t kMaxMinor = 1'000'000;

// Before anything else, because all other members may mean something else in a newer form.
void check_versions(const json& document, const std::string& origin) {
  if (!document.is_object())
    throw Error(Code::invalid_argument, fmt::format("{}: the descriptor is not a JSON object", origin));
  JsonObject object(document, origin + ": the descriptor");
  const std::int64_t version = object.integer("manifest_version", 1, kMaxMinor);
  if (version > kDescriptorVersion)
    throw Error(Code::unsupported,
                fmt::format("{}: its descriptor is of version {} and this assay reads {}; upgrade assay",
                            origin, version, kDescriptorVersion));
  JsonObject abi(object.object("abi"), origin + ": abi");
  const std::int64_t major = abi.integer("major", 0, kMaxMinor),
                     minor = abi.integer("min_minor", 0, kMaxMinor);
  if (major != ASSAY_ABI_MAJOR)
    throw Error(
        Code::unsupported,
        fmt::format(
            "{}: this plugin speaks major {} of the plugin ABI and this assay speaks {}; get a build of "
            "the plugin for major {}",
            origin, major, ASSAY_ABI_MAJOR, ASSAY_ABI_MAJOR));
  if (minor > ASSAY_ABI_MINOR)
    throw Error(Code::unsupported,
                fmt::format("{}: this plugin needs host >= {}.{}, this is {}.{}; upgrade assay", origin,
                            major, minor, ASSAY_ABI_MAJOR, ASSAY_ABI_MINOR));
}

ComponentInfo component_from(const json& item, const std::string& origin) {
  JsonObject object(item, origin + ": components");
  ComponentInfo component{object.text("id"), {}, "{}"};
  for (const json& capability : object.array("capabilities", kMaxComponents)) {
    if (!capability.is_string())
      throw Error(Code::invalid_argument,
                  fmt::format("{}: a capability of {} is not a text", origin, component.id));
    component.capabilities.push_back(capability.get<std::string>());
  }
  if (const json* schema = object.optional_object("config_schema"))
    component.config_schema = canonical(*schema);
  // Other members (determinism, thread_model, input_roles, …) are for people and for later hosts.
  return component;
}

}  // namespace

PluginInfo parse_descriptor(std::string_view text, const Digest& digest, std::string origin) {
  const json document = parse_json(text, origin + ": the descriptor", {.max_bytes = kMaxDescriptorBytes});
  check_versions(document, origin);
  JsonObject object(document, origin + ": the descriptor");
  PluginInfo plugin{.name = object.text("id"),
                    .version = object.text("version"),
                    .digest = digest,
                    .origin = origin,
                    .licence = object.optional_text("license").value_or(""),
                    .components = {},
                    .descriptor = std::string(text)};
  std::set<std::string_view> ids;
  for (const json& item : object.array("components", kMaxComponents))
    plugin.components.push_back(component_from(item, origin));
  for (const ComponentInfo& component : plugin.components)
    if (!ids.insert(component.id).second)
      throw Error(Code::invalid_argument,
                  fmt::format("{}: two components are called {}", origin, component.id));
  if (plugin.name.empty() || plugin.components.empty())
    throw Error(Code::invalid_argument, fmt::format("{}: the descriptor names no {}", origin,
                                                    plugin.name.empty() ? "id" : "components"));
  return plugin;
}

PluginInfo read_descriptor(std::string_view library, const Digest& digest, std::string origin) {
  const auto section = ElfFile(library, origin).section(kDescriptorSection);
  if (!section)
    throw Error(Code::invalid_argument,
                fmt::format("{} is a shared library, but not an assay plugin: it has no section {}", origin,
                            kDescriptorSection));
  // A string literal leaves its terminator behind, and linkers pad.
  return parse_descriptor(section->substr(0, section->find('\0')), digest, std::move(origin));
}

}  // namespace assay
