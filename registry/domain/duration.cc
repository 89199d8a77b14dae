// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/duration.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdint>

#include "registry/domain/utf8.h"
#include "storage/base/error.h"

namespace assay {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
// Largest first, so that the first one that divides a span is the one to write.
constexpr std::array kUnits = {Unit{"w", 604'800'000}, Unit{"d", 86'400'000}, Unit{"h", 3'600'000},
                               Unit{"m", 60'000},      Unit{"s", 1'000},      Unit{"ms", 1}};
constexpr std::int64_t kLongest = 36'500LL * 86'400'000;

}  // namespace

Duration parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (status == std::errc() && count > 0)
    for (const Unit& known : kUnits)
      if (known.name == unit && count <= kLongest / known.milliseconds)
        return Duration(count * known.milliseconds);
  throw Error(
      Code::invalid_argument,
      fmt::format("\"{}\" is not a span of time: write a whole number and a unit (s, m, h, d or w), at "
                  "most 36500d, such as 30d",
                  beginning(text)));
}

std::string format_duration(Duration duration) {
  for (const Unit& unit : kUnits)
    if (duration.count() != 0 && duration.count() % unit.milliseconds == 0)
      return fmt::format("{}{}", duration.count() / unit.milliseconds, unit.name);
  return "0s";
}

std::string rough_duration(Duration duration) {
  for (const Unit& unit : kUnits) {
    if (unit.name == "w" || duration.count() < unit.milliseconds) continue;
    const std::int64_t tenths = duration.count() * 10 / unit.milliseconds;
    return tenths % 10 == 0 ? fmt::format("{}{}", tenths / 10, unit.name)
                            : fmt::format("{}.{}{}", tenths / 10, tenths % 10, unit.name);
  }
  return "0s";
}

}  // namespace assay
