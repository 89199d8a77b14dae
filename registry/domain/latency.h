// SPDX-License-Identifier: Apache-2.0
// How long calls took, as rows of an evaluation: the metrics latency_p50_ms, latency_p90_ms and latency_p99_ms in a slice
// that says how many rows a call had.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/domain/evidence.h"

namespace assay {

// "1_row", "1000_rows"
std::string batch_slice(std::int64_t rows);
// The rows a call has in a slice that batch_slice wrote; nothing for any other.
std::optional<std::int64_t> rows_of_batch(std::string_view slice);

// The smallest time, in milliseconds, that at least 50, 90 and 99 % of the calls took no longer than. A quantile that
// rests on no call of its own (99 % of fewer than 100) is none.
std::vector<MetricRow> latency_rows(std::vector<std::chrono::nanoseconds> calls, const std::string& slice);

}  // namespace assay
