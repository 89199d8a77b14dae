// SPDX-License-Identifier: Apache-2.0
// Flights as a table to be validated: a test spoils what it is about.
#pragma once

#include "fold_fixture.h"

namespace assay::fold_test {

struct Flights {
  std::vector<std::optional<std::int64_t>> late, hour;
  std::vector<std::optional<double>> distance, wind;
  std::vector<std::optional<std::string>> carrier;
  std::string hour_name = "dep_hour", carrier_name = "carrier";

  explicit Flights(int rows = 1000, std::uint64_t seed = 1) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    for (int i = 0; i < rows; ++i) {
      late.push_back(random() % 4 == 0 ? 1 : 0);
      hour.push_back(static_cast<std::int64_t>(5 + random() % 19));
      distance.push_back(200 + static_cast<double>(random() % 2'000'000) / 1000);
      wind.push_back(random() % 40 == 0 ? std::nullopt : std::optional<double>(10 + 3 * normal(random)));
      carrier.push_back(std::string(1, static_cast<char>('A' + random() % 5)));
    }
  }
  FakeData data() const {
    return FakeData()
        .i64("late", late)
        .i64(hour_name, hour)
        .f64("distance", distance)
        .f64("wind", wind)
        .utf8(carrier_name, carrier)
        .with_role("label", "late");
  }
  FakeData with(const std::string& name, const std::vector<std::optional<double>>& column) const {
    return data().f64(name, column);
  }
  // Row `to` becomes a copy of row `from` of `other`.
  void copy_row(const Flights& other, std::size_t from, std::size_t to) {
    late[to] = other.late[from];
    hour[to] = other.hour[from];
    distance[to] = other.distance[from];
    wind[to] = other.wind[from];
    carrier[to] = other.carrier[from];
  }
};

// What the validator says of `data`, against `reference` unless that is null.
inline std::vector<Row> findings(const FakeData& data, const FakeData* reference = nullptr,
                                 const sdk::testing::Json::Object& settings = {}) {
  static const FakeHost host = FakeHost::load(ASSAY_TABLE_CONTRACT);
  const auto component = host.component("table_contract", settings);
  const Folder folder{component, ASSAY_CAP_VALIDATOR_V1};
  if (reference == nullptr) return folder.whole(data);
  FakeBundle state = folder.state(*reference);
  return folder.whole(data, &state);
}

inline std::vector<std::string> rules(const std::vector<Row>& rows) {
  std::vector<std::string> out;
  for (const Row& row : rows)
    out.push_back(row.at("severity") + " " + row.at("rule") + " " + row.at("column"));
  return out;
}

}  // namespace assay::fold_test
