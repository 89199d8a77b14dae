// SPDX-License-Identifier: Apache-2.0
#include "registry/plugin_host/worker/lent_settings.h"

namespace assay::worker {
namespace {

using nlohmann::json;

}  // namespace

LentRoles::LentRoles(const json& roles) {
  for (const json& item : roles)
    pairs_.emplace_back(item.at("role").get<std::string>(), item.at("column").get<std::string>());
  roles_.struct_size = sizeof roles_;
  roles_.host_data = this;
  roles_.get = &at;
}

assay_status LentRoles::at(const assay_roles* roles, assay_str role, uint32_t index, assay_str* out) {
  const auto& self = *static_cast<const LentRoles*>(roles->host_data);
  for (const auto& [name, column] : self.pairs_) {
    if (name != view(role) || index-- != 0) continue;
    *out = str(column);
    return ASSAY_OK;
  }
  return ASSAY_E_NOT_FOUND;
}

LentConfig::LentConfig(std::string canonical) : text_(std::move(canonical)), json_(json::parse(text_)) {
  config_.struct_size = sizeof config_;
  config_.host_data = this;
  config_.json = str(text_);
  config_.get_f64 = &get_f64;
  config_.get_i64 = &get_i64;
  config_.get_bool = &get_bool;
  config_.get_str = &get_str;
}

template <typename T, typename Read>
assay_status LentConfig::read(const assay_config* config, assay_str pointer, T* out, Read read_value) {
  try {
    const json& document = static_cast<const LentConfig*>(config->host_data)->json_;
    const json::json_pointer place{std::string(view(pointer))};
    if (!document.contains(place)) return ASSAY_E_NOT_FOUND;
    return read_value(document.at(place), out) ? ASSAY_OK : ASSAY_E_INVALID_CONFIG;
  } catch (const std::exception&) {
    return ASSAY_E_NOT_FOUND;  // not a JSON pointer
  }
}

assay_status LentConfig::get_f64(const assay_config* config, assay_str pointer, double* out) {
  return read(config, pointer, out, [](const json& value, double* to) {
    if (value.is_number()) *to = value.get<double>();
    return value.is_number();
  });
}

assay_status LentConfig::get_i64(const assay_config* config, assay_str pointer, int64_t* out) {
  return read(config, pointer, out, [](const json& value, int64_t* to) {
    if (value.is_number_integer()) *to = value.get<int64_t>();
    return value.is_number_integer();
  });
}

assay_status LentConfig::get_bool(const assay_config* config, assay_str pointer, int32_t* out) {
  return read(config, pointer, out, [](const json& value, int32_t* to) {
    if (value.is_boolean()) *to = value.get<bool>() ? 1 : 0;
    return value.is_boolean();
  });
}

assay_status LentConfig::get_str(const assay_config* config, assay_str pointer, assay_str* out) {
  return read(config, pointer, out, [](const json& value, assay_str* to) {
    if (value.is_string()) *to = str(value.get_ref<const std::string&>());
    return value.is_string();
  });
}

}  // namespace assay::worker
