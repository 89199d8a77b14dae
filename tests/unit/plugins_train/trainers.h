// SPDX-License-Identifier: Apache-2.0
// The three trainers by name, and a table that they can learn: seeded, with every type of column and with
// empty cells.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "assay/features.hpp"
#include "assay/testing.hpp"

namespace assay::test {

inline const std::vector<std::string> trainers = {"baseline", "linear", "gbt"};

inline sdk::testing::FakeHost trainer_host(const std::string& name) {
  return sdk::testing::FakeHost::load(std::string(ASSAY_PLUGIN_FOLDER) + "/" + name + ".so");
}

// Small settings, so that a test takes milliseconds.
inline sdk::testing::Json::Object quick(const std::string& name, const std::string& task = "classification") {
  sdk::testing::Json::Object settings{{"task", task}};
  if (name == "gbt") settings.insert({{"rounds", 8}, {"max_depth", 3}});
  return settings;
}

struct Cells {
  std::vector<std::optional<double>> distance, late, delay;
  std::vector<std::optional<std::int64_t>> hour;
  std::vector<std::optional<bool>> weekend;
  std::vector<std::optional<std::string>> carrier;
};

// Half-open choice without std::uniform_*, whose results differ between libraries.
inline double share(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11) * 0x1p-53;
}

inline Cells make_cells(std::int64_t rows, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const std::vector<std::string> carriers = {"AA", "UA", "B6", "DL"};
  Cells out;
  for (std::int64_t i = 0; i < rows; ++i) {
    const double distance = share(random) * 2000;
    const auto hour = static_cast<std::int64_t>(share(random) * 24);
    const bool weekend = share(random) < 0.3;
    const std::size_t carrier = static_cast<std::size_t>(share(random) * 4);
    const double delay =
        0.4 * static_cast<double>(hour) + (weekend ? -2 : 1) + (carrier == 2 ? 4 : 0) + share(random) * 3;
    out.distance.push_back(share(random) < 0.05 ? std::nullopt : std::optional(distance));
    out.hour.push_back(share(random) < 0.05 ? std::nullopt : std::optional(hour));
    out.weekend.push_back(share(random) < 0.05 ? std::nullopt : std::optional(weekend));
    out.carrier.push_back(share(random) < 0.05 ? std::nullopt : std::optional(carriers[carrier]));
    out.delay.push_back(delay);
    out.late.push_back(delay > 6.5 ? 1 : 0);
  }
  return out;
}

// `label` is "late" (0 or 1) or "delay" (a number).
inline sdk::testing::FakeData make_data(std::int64_t rows, std::uint64_t seed,
                                        const std::string& label = "late") {
  const Cells cells = make_cells(rows, seed);
  sdk::testing::FakeData data;
  data.f64("distance", cells.distance)
      .f64(label, label == "late" ? cells.late : cells.delay)
      .i64("hour", cells.hour);
  data.boolean("weekend", cells.weekend).utf8("carrier", cells.carrier).with_role("label", label);
  return data;
}

// The status that `work` fails with, or ASSAY_OK.
template <class Work>
assay_status status_of(Work work) {
  try {
    work();
  } catch (const sdk::Error& error) {
    return error.status();
  }
  return ASSAY_OK;
}

template <class Work>
std::string message_of(Work work) {
  try {
    work();
  } catch (const sdk::Error& error) {
    return error.message();
  }
  return "";
}

}  // namespace assay::test
