// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/latency.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace assay {

std::string batch_slice(std::int64_t rows) {
  return fmt::format("{}_row{}", rows, rows == 1 ? "" : "s");
}

std::optional<std::int64_t> rows_of_batch(std::string_view slice) {
  std::int64_t rows = 0;
  std::from_chars(slice.data(), slice.data() + slice.size(), rows);
  if (rows < 1 || batch_slice(rows) != slice) return std::nullopt;
  return rows;
}

std::vector<MetricRow> latency_rows(std::vector<std::chrono::nanoseconds> calls, const std::string& slice) {
  std::sort(calls.begin(), calls.end());
  const std::size_t n = calls.size();
  std::vector<MetricRow> rows;
  for (const std::size_t percent : {50, 90, 99}) {
    MetricRow row{.name = fmt::format("latency_p{}_ms", percent),
                  .value = {},
                  .ci_low = {},
                  .ci_high = {},
                  .slice = slice,
                  .n = static_cast<std::int64_t>(n),
                  .higher_is_better = false};
    if (n * (100 - percent) >= 100)
      row.value = std::chrono::duration<double, std::milli>(calls[(percent * n + 99) / 100 - 1]).count();
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace assay
