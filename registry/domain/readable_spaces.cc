// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/readable_spaces.h"

#include <nlohmann/json.hpp>

namespace assay {

std::optional<std::string> ReadableSpaces::keys_json() const {
  return all ? std::nullopt : std::optional(nlohmann::json(keys).dump());
}

}  // namespace assay
