// SPDX-License-Identifier: Apache-2.0
// Somebody's hold on a stage for a while, as during a migration or an incident: nobody else promotes to it meanwhile.
#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "registry/domain/id.h"
#include "registry/domain/time.h"

namespace assay {

struct Lease {
  static constexpr std::chrono::days kLongest{7};  // whoever needs more renews it, so that none is forgotten

  Id token;               // the holder's
  std::string holder{};  // its name
  std::string reason{};
  Time until{};  // it ends then by itself

  bool operator==(const Lease&) const = default;
};

// {"holder","token","reason","until"}
void to_json(nlohmann::json& json, const Lease& lease);
Lease lease_from_json(const nlohmann::json& document, const std::string& what);

}  // namespace assay
