// SPDX-License-Identifier: Apache-2.0
// A catalogue of any size, filled through the catalogue's own repositories: models of a hundred versions each, every
// version evaluated by ten metrics, one in a hundred in production.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "registry/catalog/database.h"

namespace assay::bench {

inline constexpr std::int64_t kVersionsEach = 100;
inline constexpr std::int64_t kTeams = 50, kOwners = 1000;
inline constexpr std::array kMetrics = {"roc_auc",  "f1",     "accuracy",    "precision",   "recall",
                                        "log_loss", "brier",  "latency_p50", "latency_p99", "ece"};

// `m00042`
std::string model_name(std::int64_t model);

// Adds models until the catalogue has so many versions; what is there is kept. Metrics are uniform in [0, 1),
// the same every time.
void fill(Database& database, std::int64_t versions);

}  // namespace assay::bench
