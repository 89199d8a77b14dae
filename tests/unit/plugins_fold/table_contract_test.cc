// SPDX-License-Identifier: Apache-2.0
// The validator: each planted fault is found and named, and a clean table has no findings.
#include <cmath>

#include "flights.h"
#include "plugins/table_contract/names.h"

namespace assay {
namespace {

using namespace fold_test;

// The only finding, which must be this one.
const Row& the_finding(const std::vector<Row>& rows, const std::string& wanted) {
  CHECK(rules(rows) == std::vector<std::string>{wanted});
  REQUIRE(!rows.empty());
  return rows.front();
}

const FakeData& reference() {
  static const FakeData it = Flights(2000, 99).data();
  return it;
}

std::vector<Row> against_reference(const Flights& flights) {
  return findings(flights.data(), &reference());
}

}  // namespace

TEST_CASE("Table contract: 40 clean tables have no finding") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    CHECK(rules(against_reference(Flights(500 + 30 * static_cast<int>(seed), seed))) ==
          std::vector<std::string>{});
    CHECK(rules(findings(Flights(500, seed).data())) == std::vector<std::string>{});
  }
}

TEST_CASE("Table contract: a renamed column is named with its new name") {
  Flights flights;
  flights.hour_name = "departure_hour";
  const auto rows = against_reference(flights);
  const Row& row = the_finding(rows, "error renamed_column dep_hour");
  CHECK_THAT(row.at("message"), Catch::Contains("'departure_hour'"));
}

TEST_CASE("Table contract: a missing column is named with the nearest one, a new one is mentioned") {
  Flights flights;
  flights.hour_name = "gate";
  const auto rows = against_reference(flights);
  CHECK(rules(rows) == std::vector<std::string>{"error missing_column dep_hour", "warning new_column gate"});
  const FakeData shorter = FakeData()
                               .i64("late", flights.late)
                               .f64("distance", flights.distance)
                               .f64("wind", flights.wind)
                               .utf8("carriers", flights.carrier)
                               .f64("hours", flights.wind)
                               .with_role("label", "late");
  CHECK_THAT(only(findings(shorter, &reference()), {{"column", "dep_hour"}}).at("message"),
             Catch::Contains("'hours'"));
}

TEST_CASE("Table contract: rows without their label can be scored but not judged") {
  const Flights flights;
  const FakeData data = FakeData()
                            .i64("dep_hour", flights.hour)
                            .f64("distance", flights.distance)
                            .f64("wind", flights.wind)
                            .utf8("carrier", flights.carrier);
  the_finding(findings(data, &reference()), "info missing_label late");
}

TEST_CASE("Table contract: a column of another type") {
  const Flights flights;
  const std::vector<std::optional<std::string>> texts(1000, "n/a");
  const FakeData data = FakeData()
                            .i64("late", flights.late)
                            .i64("dep_hour", flights.hour)
                            .utf8("distance", texts)
                            .f64("wind", flights.wind)
                            .utf8("carrier", flights.carrier)
                            .with_role("label", "late");
  const auto rows = findings(data, &reference());
  CHECK(only(rows, {{"rule", "type_change"}}).at("severity") == "error");
  CHECK_THAT(only(rows, {{"rule", "type_change"}}).at("message"), Catch::Contains("is utf8 and was f64"));
}

TEST_CASE("Table contract: two columns of one name") {
  const Flights flights;
  const auto rows = findings(flights.with("wind", flights.distance));
  CHECK(only(rows, {{"rule", "duplicate_column"}}).at("column") == "wind");
}

TEST_CASE("Table contract: a table without rows") {
  the_finding(findings(Flights(0).data()), "error no_rows ");
  the_finding(against_reference(Flights(0)), "error no_rows ");
}

TEST_CASE("Table contract: more missing values than before") {
  Flights flights;
  for (std::size_t i = 0; i < 120; ++i) flights.wind[i * 3] = std::nullopt;
  auto rows = against_reference(flights);
  CHECK(the_finding(rows, "warning null_rate wind").at("sample_rows").starts_with("0 3 6 9"));
  for (std::size_t i = 0; i < 500; ++i) flights.wind[i] = std::nullopt;
  rows = against_reference(flights);
  the_finding(rows, "error null_rate wind");
  flights.wind.assign(1000, std::nullopt);
  rows = against_reference(flights);
  the_finding(rows, "error all_missing wind");
  rows = findings(flights.data());
  the_finding(rows, "warning all_missing wind");
}

TEST_CASE("Table contract: numbers that are none") {
  Flights flights;
  flights.wind[17] = std::nan("");
  flights.distance[4] = INFINITY;
  flights.distance[9] = -INFINITY;
  const auto rows = findings(flights.data());
  CHECK(rules(rows) == std::vector<std::string>{"error infinite distance", "warning not_a_number wind"});
  CHECK(rows[0].at("sample_rows") == "4 9");
  CHECK(rows[0].at("row_count") == "2");
  CHECK(rows[1].at("sample_rows") == "17");
}

TEST_CASE("Table contract: values outside the reference's range") {
  Flights flights;
  flights.distance[42] = -999;
  auto rows = against_reference(flights);
  const Row& one = the_finding(rows, "warning out_of_range distance");
  CHECK(one.at("sample_rows") == "42");
  CHECK_THAT(one.at("message"), Catch::Contains("from -999"));
  for (auto& value : flights.distance) value = *value * 1.609344;  // another unit
  rows = against_reference(flights);
  the_finding(rows, "error out_of_range distance");
  flights = Flights();
  flights.late[8] = 2;
  rows = against_reference(flights);
  the_finding(rows, "error out_of_range late");
}

TEST_CASE("Table contract: a category that the reference has not") {
  Flights flights;
  for (const std::size_t i : {3u, 5u, 7u, 9u, 11u, 13u, 15u, 17u}) flights.carrier[i] = "ZZ";
  auto rows = against_reference(flights);
  const Row& row = the_finding(rows, "warning new_category carrier");
  CHECK(row.at("row_count") == "8");
  CHECK(row.at("sample_rows") == "3 5 7 9 11");
  CHECK_THAT(row.at("message"), Catch::Contains("'ZZ'"));
  flights = Flights();
  flights.carrier[3] = "a";
  rows = against_reference(flights);
  the_finding(rows, "info new_category carrier");
  for (std::size_t i = 0; i < 300; ++i) flights.carrier[i] = "b";
  rows = against_reference(flights);
  the_finding(rows, "error new_category carrier");
}

TEST_CASE("Table contract: a column that says nothing") {
  Flights flights;
  flights.wind.assign(1000, 7.5);
  auto rows = against_reference(flights);
  CHECK_THAT(the_finding(rows, "warning constant_column wind").at("message"),
             Catch::Contains("7.5 in every row"));
  flights = Flights();
  flights.carrier.assign(1000, "A");
  rows = findings(flights.data());
  the_finding(rows, "warning constant_column carrier");
}

TEST_CASE("Table contract: a label that is missing or always the same") {
  Flights flights;
  flights.late[2] = flights.late[6] = std::nullopt;
  auto rows = findings(flights.data());
  CHECK(the_finding(rows, "error label_missing late").at("sample_rows") == "2 6");
  flights.late.assign(1000, 0);
  rows = findings(flights.data());
  the_finding(rows, "error label_constant late");
}

TEST_CASE("Table contract: repeated rows") {
  Flights flights;
  const auto repeat = [&](std::size_t from, std::size_t to) { flights.copy_row(flights, from, to); };
  repeat(10, 700);
  auto rows = findings(flights.data());
  CHECK(the_finding(rows, "info duplicate_rows ").at("sample_rows") == "700");
  for (std::size_t i = 0; i < 50; ++i) repeat(i, 800 + i);
  rows = against_reference(flights);
  const Row& row = the_finding(rows, "warning duplicate_rows ");
  CHECK(row.at("row_count") == "51");
  CHECK(row.at("sample_rows") == "700 800 801 802 803");
}

TEST_CASE("Table contract: rows that the reference holds too") {
  Flights flights, known(2000, 99);
  for (std::size_t i = 100; i < 150; ++i) flights.copy_row(known, i, i);
  const auto rows = against_reference(flights);
  const Row& row = the_finding(rows, "warning overlapping_rows ");
  CHECK(row.at("row_count") == "50");
  CHECK(row.at("sample_rows") == "100 101 102 103 104");
}

TEST_CASE("Table contract: a column that gives the label away") {
  const Flights flights;
  std::mt19937_64 random(3);
  std::vector<std::optional<double>> delay, filled_later, helpful;
  std::vector<std::optional<std::string>> status;
  for (const auto& late : flights.late) {
    const double noise = static_cast<double>(random() % 1000) / 1000;
    delay.push_back(*late == 1 ? -15 - 60 * noise : 14 * noise);  // either direction
    filled_later.push_back(*late == 1 ? std::optional<double>(noise) : std::nullopt);
    helpful.push_back(*late + 2 * noise);
    status.push_back(*late == 1 ? (random() % 2 == 0 ? "diverted" : "delayed") : "on time");
  }
  CHECK(the_finding(findings(flights.with("delay", delay)), "error label_leak delay")
            .at("message")
            .find("ROC AUC 1") != std::string::npos);
  the_finding(findings(flights.with("refund", filled_later)), "error label_leak refund");
  the_finding(findings(flights.data().utf8("status", status)), "error label_leak status");
  CHECK(findings(flights.with("helpful", helpful)).empty());
  CHECK(findings(flights.with("delay", delay), nullptr, {{"leak_auc", 1}}).size() == 1);
  std::vector<std::optional<std::string>> ids;
  for (int i = 0; i < 1000; ++i) ids.push_back("flight " + std::to_string(i));
  CHECK(findings(flights.data().utf8("id", ids)).empty());
}

TEST_CASE("Table contract: rows too large to keep are reported as not compared") {
  const auto rows = findings(Flights().data(), nullptr, {{"max_row_bytes", 1000}});
  the_finding(rows, "info rows_not_compared ");
}

TEST_CASE("Table contract: names are matched as people mistake them") {
  using table_contract::nearest;
  const std::vector<std::string> names = {"distance", "wind_speed", "dep_hour", "origin"};
  CHECK(nearest("departure_hour", names) == "dep_hour");
  CHECK(nearest("WindSpeed", names) == "wind_speed");
  CHECK(nearest("dist", names) == "distance");
  CHECK_FALSE(nearest("zzz", names).has_value());
  CHECK_FALSE(nearest("distance", {}).has_value());
}

}  // namespace assay
