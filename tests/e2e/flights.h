// SPDX-License-Identifier: Apache-2.0
// A table that a model can learn something from: made, seeded, and the same on every machine.
#pragma once

#include <cstdint>
#include <string>

namespace assay::test {

enum class Weather { ordinary, storm };  // a storm shifts temperatures and hours, and makes more flights late

// CSV with the columns late, month, dep_hour, distance, carrier, temp; some temperatures are missing.
std::string flights_csv(int rows, std::uint64_t seed, Weather weather = Weather::ordinary);

}  // namespace assay::test
