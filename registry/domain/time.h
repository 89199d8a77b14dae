// SPDX-License-Identifier: Apache-2.0
// Instants. On the wire RFC 3339 in UTC with milliseconds, in the catalogue integer milliseconds since 1970.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace assay {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;

// `2026-11-21T01:02:03.004Z`. Throws invalid_argument outside the years 0000 to 9999.
std::string format_time(Time time);

// RFC 3339: a date alone is its first instant in UTC; a time needs `Z` or an offset; the fraction may be left
// out, and digits beyond milliseconds are dropped. Throws invalid_argument for anything else, leap seconds
// included.
Time parse_time(std::string_view text);

constexpr std::int64_t to_milliseconds(Time time) {
  return time.time_since_epoch().count();
}
constexpr Time from_milliseconds(std::int64_t milliseconds) {
  return Time(std::chrono::milliseconds(milliseconds));
}

}  // namespace assay
