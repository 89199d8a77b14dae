// SPDX-License-Identifier: Apache-2.0
// How much the registry holds.
#pragma once

#include <cstdint>

#include <nlohmann/json_fwd.hpp>

#include "registry/access/principal.h"
#include "registry/service/services.h"

namespace assay {

struct Stats {
  std::int64_t blobs = 0;
  std::int64_t raw_bytes = 0;
  std::int64_t stored_bytes = 0;
  std::int64_t models = 0;
  std::int64_t datasets = 0;
  std::int64_t plugins = 0;
  std::int64_t versions = 0;
};

// {"blobs","raw_bytes","stored_bytes","models","datasets","plugins","versions"}
void to_json(nlohmann::json& json, const Stats& stats);

// Totals of the whole registry, whatever the caller may read of it. Needs `read` somewhere.
Stats stats(const Services& services, const Principal& caller);

}  // namespace assay
