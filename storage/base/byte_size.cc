// SPDX-License-Identifier: Apache-2.0
#include "storage/base/byte_size.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>

#include "storage/base/error.h"

namespace assay {
namespace {

struct Unit {
  std::string_view name;
  double bytes;
};

constexpr std::array kParsed = {Unit{"", 1},       Unit{"B", 1},    Unit{"kB", 1e3},   Unit{"KB", 1e3},
                                Unit{"MB", 1e6},   Unit{"GB", 1e9}, Unit{"TB", 1e12},  Unit{"K", kKiB},
                                Unit{"KiB", kKiB}, Unit{"M", kMiB}, Unit{"MiB", kMiB}, Unit{"G", kGiB},
                                Unit{"GiB", kGiB}, Unit{"T", kTiB}, Unit{"TiB", kTiB}};

}  // namespace

std::string byte_size_text(std::uint64_t bytes) {
  if (bytes < kKiB) return fmt::format("{} B", bytes);
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / kKiB;
  std::size_t unit = 0;
  for (; value >= 1023.95 && unit + 1 < kUnits.size(); ++unit)
    value /= 1024;  // 1023.95 would print as 1024.0
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::uint64_t parse_byte_size(std::string_view text) {
  const Error bad(
      Code::invalid_argument,
      fmt::format("\"{}\" is not a size: write a number and KiB, MiB, GiB, TiB or kB, MB, GB, TB, "
                  "such as 10GiB",
                  text.substr(0, 64)));
  const std::size_t digits = text.find_first_not_of("0123456789.");
  std::string_view unit = digits == std::string_view::npos ? "" : text.substr(digits);
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const std::string number(text.substr(0, digits));
  char* end = nullptr;
  const double value = number.empty() ? -1 : std::strtod(number.c_str(), &end);
  if (value < 0 || end != number.c_str() + number.size()) throw bad;
  for (const Unit& known : kParsed) {
    if (known.name != unit) continue;
    const double bytes = value * known.bytes;
    if (!(bytes <= static_cast<double>(std::uint64_t{1} << 62))) throw bad;
    return static_cast<std::uint64_t>(std::llround(bytes));
  }
  throw bad;
}

}  // namespace assay
