// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/profile.h"

#include <nlohmann/json.hpp>

#include "registry/compute/csv.h"
#include "tests/support/catch.h"

namespace assay::test {
namespace {

using nlohmann::json;

json profile(std::string_view csv) {
  return json::parse(profile_json(*read_csv(csv)));
}

TEST_CASE("Profile: numbers have range, mean and deviation") {
  const json document = profile("a\n1\n2\n3\n4\n\"\"\n");
  CHECK(document["rows"] == 5);
  const json& column = document["columns"][0];
  CHECK(column["name"] == "a");
  CHECK(column["type"] == "i64");
  CHECK(column["nulls"] == 1);
  CHECK(column["min"] == 1);
  CHECK(column["max"] == 4);
  CHECK(column["mean"] == 2.5);
  CHECK(column["std"].get<double>() == Approx(1.2909944487358056));
  CHECK(column["distinct"] == 4);
}

TEST_CASE("Profile: texts have lengths in characters and their commonest values") {
  const json column = profile("t\nü\nbb\nbb\nccc\n")["columns"][0];
  CHECK(column["min_length"] == 1);
  CHECK(column["max_length"] == 3);
  CHECK(column["top"] ==
        json::parse(R"([{"count":2,"value":"bb"},{"count":1,"value":"ü"},{"count":1,"value":"ccc"}])"));
}

TEST_CASE("Profile: what is not finite is counted apart; one value has no deviation") {
  const json column = profile("f\nnan\ninf\n1.5\n")["columns"][0];
  CHECK(column["non_finite"] == 2);
  CHECK(column["min"] == 1.5);
  CHECK(column["mean"] == 1.5);
  CHECK_FALSE(column.contains("std"));
}

TEST_CASE("Profile: no rows and columns of nulls have no numbers") {
  CHECK(profile("a,b\n")["columns"][0]["distinct"] == 0);
  const json column = profile("a,b\n,1\n,2\n")["columns"][0];
  CHECK(column["nulls"] == 2);
  CHECK_FALSE(column.contains("min"));
}

TEST_CASE("Profile: counting distinct values stops at its limit and says so") {
  const auto numbers = [](std::size_t count) {
    std::string csv = "a\n";
    for (std::size_t i = 0; i < count; ++i) csv += std::to_string(i) + '\n';
    return profile(csv)["columns"][0];
  };
  CHECK(numbers(kMaxDistinctCounted)["distinct"] == kMaxDistinctCounted);
  CHECK(numbers(kMaxDistinctCounted)["distinct_capped"] == false);
  CHECK(numbers(kMaxDistinctCounted + 1)["distinct_capped"] == true);
  CHECK_FALSE(numbers(kMaxDistinctCounted + 1).contains("top"));
}

TEST_CASE("Profile: extreme values and long texts make a document all the same") {
  CHECK(profile("a\n9223372036854775807\n-9223372036854775808\n")["columns"][0]["max"].get<double>() ==
        0x1p63);
  const json column =
      profile("t\n" + std::string(1000, 'x') + "\n\"" + std::string(199, 'y') + "ü\"\n")["columns"][0];
  CHECK(column["top"][0]["value"].get<std::string>().size() < 201);
}

}  // namespace
}  // namespace assay::test
