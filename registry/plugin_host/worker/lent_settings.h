// SPDX-License-Identifier: Apache-2.0
// Roles and settings as the C structs that a plugin reads them through, in a worker and in-process alike.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "assay/abi.h"

namespace assay::worker {

inline std::string_view view(assay_str text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
inline assay_str str(std::string_view text) {
  return {text.data(), text.size()};
}

class LentRoles {
 public:
  explicit LentRoles(const nlohmann::json& roles);
  const assay_roles* get() const { return &roles_; }

 private:
  static assay_status at(const assay_roles* roles, assay_str role, uint32_t index, assay_str* out);

  std::vector<std::pair<std::string, std::string>> pairs_;
  assay_roles roles_{};
};

class LentConfig {
 public:
  explicit LentConfig(std::string canonical);
  LentConfig(const LentConfig&) = delete;
  LentConfig& operator=(const LentConfig&) = delete;
  const assay_config* get() const { return &config_; }

 private:
  template <typename T, typename Read>
  static assay_status read(const assay_config* config, assay_str pointer, T* out, Read read);
  static assay_status get_f64(const assay_config* config, assay_str pointer, double* out);
  static assay_status get_i64(const assay_config* config, assay_str pointer, int64_t* out);
  static assay_status get_bool(const assay_config* config, assay_str pointer, int32_t* out);
  static assay_status get_str(const assay_config* config, assay_str pointer, assay_str* out);

  std::string text_;
  nlohmann::json json_;
  assay_config config_{};
};

}  // namespace assay::worker
