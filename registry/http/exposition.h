// SPDX-License-Identifier: Apache-2.0
// Figures in Prometheus' text exposition format 0.0.4.
#pragma once

#include <span>
#include <string>

#include "registry/domain/metric_family.h"

namespace assay::http {

inline constexpr const char* kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

// With a final newline. A family without samples is there by its name and its help.
std::string exposition(std::span<const MetricFamily> families);

}  // namespace assay::http
