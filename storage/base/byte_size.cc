// SPDX-License-Identifier: Apache-2.0
#include "storage/base/byte_size.h"

#include <fmt/format.h>

#include <array>

namespace assay {

std::string byte_size_text(std::uint64_t bytes) {
  if (bytes < kKiB) return fmt::format("{} B", bytes);
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / kKiB;
  std::size_t unit = 0;
  for (; value >= 1023.95 && unit + 1 < kUnits.size(); ++unit)
    value /= 1024;  // 1023.95 would print as 1024.0
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace assay
