// SPDX-License-Identifier: Apache-2.0
// C11, and the settings that C10 and C11 try.
#include "registry/plugin_host/worker/check/settings.h"

#include <fmt/format.h>

#include <limits>

namespace assay::worker::check {
namespace {

using fake::Json;

template <typename Each>
void each_property(const Component& component, Each each) {
  for (const auto& [name, property] : component.schema["properties"].object()) each(name, property);
}

bool numeric(const Json& property) {
  return property["type"].string() == "number" || property["type"].string() == "integer";
}

Json nested(int depth) {
  Json out = 1.0;
  for (int i = 0; i < depth; ++i) out = Json(std::vector<Json>{out});
  return out;
}

}  // namespace

std::vector<Setting> allowed_ends(const Component& component) {
  std::vector<Setting> out;
  each_property(component, [&](const std::string& name, const Json& property) {
    for (const char* end : {"minimum", "maximum"})
      if (property[end].kind() == Json::Kind::number) out.emplace_back(name, property[end]);
    for (const Json& choice : property["enum"].array()) out.emplace_back(name, choice);
    if (property["type"].string() == "boolean") {
      out.emplace_back(name, true);
      out.emplace_back(name, false);
    }
  });
  return out;
}

std::vector<Setting> forbidden(const Component& component) {
  std::vector<Setting> out;
  each_property(component, [&](const std::string& name, const Json& property) {
    const std::string& type = property["type"].string();
    if (numeric(property)) {
      out.emplace_back(name, "many");
      out.emplace_back(name, nested(200));
      out.emplace_back(name, std::numeric_limits<double>::quiet_NaN());
      const double step = type == "integer" ? 1 : 1e-3;
      const Json &low = property["minimum"], &high = property["maximum"];
      if (low.kind() == Json::Kind::number) out.emplace_back(name, low.number() - step * (1 + std::abs(low.number())));
      if (high.kind() == Json::Kind::number)
        out.emplace_back(name, high.number() + step * (1 + std::abs(high.number())));
      if (type == "integer") out.emplace_back(name, property["default"].number() + 0.5);
    } else if (type == "string") {
      out.emplace_back(name, 7);
      out.emplace_back(name, Json::Object{});
      if (!property["enum"].array().empty()) out.emplace_back(name, "no such choice");
    } else if (type == "boolean") {
      out.emplace_back(name, "yes");
      out.emplace_back(name, nested(200));
    }
  });
  return out;
}

std::string refuses_bad_settings(Subject& subject) {
  std::size_t tried = 0;
  for (const Component& component : subject.components)
    for (const auto& [name, value] : forbidden(component)) {
      Json::Object settings = component.settings();
      settings.insert_or_assign(name, value);
      const std::string text = value.dump();
      const std::string what = fmt::format("component {} with {} = {}", component.id, name, text.substr(0, 40));
      ++tried;
      try {
        const Made made(component, settings);
      } catch (const Error& error) {
        demand(error.status() == ASSAY_E_INVALID_CONFIG,
               fmt::format("{} is refused with status {} and not INVALID_CONFIG", what, error.status()));
        continue;
      }
      throw Broken{what + " is made, although its config_schema forbids that"};
    }
  if (tried == 0) throw Skipped{"no component has settings with a type that could be broken"};
  return fmt::format("{} forbidden settings are refused", tried);
}

}  // namespace assay::worker::check
