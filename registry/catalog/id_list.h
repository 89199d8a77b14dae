// SPDX-License-Identifier: Apache-2.0
// Ids as one parameter of a query, for json_each.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "registry/domain/id.h"

namespace assay {

inline std::string id_list(const std::set<Id>& ids) {
  nlohmann::json out = nlohmann::json::array();
  for (const Id& id : ids) out.push_back(id.text());
  return out.dump();
}

}  // namespace assay
