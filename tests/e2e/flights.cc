// SPDX-License-Identifier: Apache-2.0
#include "tests/e2e/flights.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <random>

namespace assay::test {

std::string flights_csv(int rows, std::uint64_t seed, Weather weather) {
  // The engine is specified to the bit, the standard distributions are not.
  std::mt19937_64 random(seed);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  constexpr std::array kCarriers = {"AA", "UA", "DL", "B6"};
  const bool storm = weather == Weather::storm;
  std::string out = "late,month,dep_hour,distance,carrier,temp\n";
  for (int row = 0; row < rows; ++row) {
    const int month = 1 + static_cast<int>(uniform() * 12);
    const int hour = storm ? 14 + static_cast<int>(uniform() * 9) : 5 + static_cast<int>(uniform() * 18);
    const int distance = 100 + static_cast<int>(uniform() * 2500);
    const auto carrier = static_cast<std::size_t>(uniform() * kCarriers.size());
    const double temperature = (storm ? 35 : 15) + 10 * (uniform() + uniform() + uniform() - 1.5);
    const double tilt =
        -2.2 + 0.25 * (hour - 13) + (carrier == 3 ? 1.5 : 0) + (month == 12 ? 1 : 0) + (storm ? 1 : 0);
    const int late = uniform() < 1 / (1 + std::exp(-tilt)) ? 1 : 0;
    const std::string shown = uniform() < 0.03 ? "" : fmt::format("{:.1f}", temperature);
    out += fmt::format("{},{},{},{},{},{}\n", late, month, hour, distance, kCarriers[carrier], shown);
  }
  return out;
}

}  // namespace assay::test
