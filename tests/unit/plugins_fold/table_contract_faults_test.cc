// SPDX-License-Identifier: Apache-2.0
// Thirty kinds of fault, each planted twice from its own seed: all 60 are found, and tables that are merely
// different have no finding.
#include <cmath>
#include <functional>
#include <numeric>

#include "flights.h"

namespace assay {
namespace {

using namespace fold_test;
using Random = std::mt19937_64;
using Numbers = std::vector<std::optional<double>>;
using Texts = std::vector<std::optional<std::string>>;

constexpr int kRows = 1200;
constexpr std::uint64_t kReferenceSeed = 4099;

struct Fault {
  const char* name;
  const char* rule;
  const char* column;
  FakeData (*plant)(Flights flights, Random& random);
};

// `count` different rows, drawn.
std::vector<std::size_t> some_rows(Random& random, std::size_t count) {
  std::vector<std::size_t> all(kRows);
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::shuffle(all.begin(), all.end(), random);
  all.resize(count);
  return all;
}

double noise(Random& random) {
  return static_cast<double>(random() % 10'000) / 10'000;
}

Texts as_text(const Numbers& numbers) {
  Texts out;
  for (const auto& x : numbers) out.push_back(x ? std::optional(std::to_string(*x)) : std::nullopt);
  return out;
}

Numbers by_label(const Flights& flights, const std::function<std::optional<double>(bool)>& value) {
  Numbers out;
  for (const auto& late : flights.late) out.push_back(value(*late == 1));
  return out;
}

// All columns but `left_out`.
FakeData without(const Flights& f, const std::string& left_out) {
  FakeData out = FakeData().i64("late", f.late).with_role("label", "late");
  if (left_out != "dep_hour") out.i64("dep_hour", f.hour);
  if (left_out != "distance") out.f64("distance", f.distance);
  if (left_out != "wind") out.f64("wind", f.wind);
  if (left_out != "carrier") out.utf8("carrier", f.carrier);
  return out;
}

const Fault kFaults[] = {
    {"a column is missing", "missing_column", "wind", [](Flights f, Random&) { return without(f, "wind"); }},
    {"a column is renamed", "renamed_column", "dep_hour",
     [](Flights f, Random& r) {
       f.hour_name = r() % 2 == 0 ? "departure_hour" : "dep_hr";
       return f.data();
     }},
    {"a name changes its case", "renamed_column", "carrier",
     [](Flights f, Random&) {
       f.carrier_name = "Carrier";
       return f.data();
     }},
    {"a column is new", "new_column", "gate",
     [](Flights f, Random& r) {
       return f.with("gate", by_label(f, [&](bool) { return std::optional(noise(r)); }));
     }},
    {"two columns have one name", "duplicate_column", "wind",
     [](Flights f, Random&) { return f.with("wind", f.distance); }},
    {"numbers arrive as text", "type_change", "distance",
     [](Flights f, Random&) { return without(f, "distance").utf8("distance", as_text(f.distance)); }},
    {"whole numbers become decimals", "type_change", "dep_hour",
     [](Flights f, Random& r) {
       return without(f, "dep_hour").f64("dep_hour", by_label(f, [&](bool) {
                return std::optional(5.5 + static_cast<double>(r() % 18));
              }));
     }},
    {"texts become codes", "type_change", "carrier",
     [](Flights f, Random&) {
       std::vector<std::optional<std::int64_t>> codes;
       for (const auto& text : f.carrier) codes.push_back((*text)[0]);
       return without(f, "carrier").i64("carrier", codes);
     }},
    {"numbers become true and false", "type_change", "wind",
     [](Flights f, Random&) {
       std::vector<std::optional<bool>> strong;
       for (const auto& wind : f.wind) strong.push_back(wind && *wind > 10);
       return without(f, "wind").boolean("wind", strong);
     }},
    {"another unit", "out_of_range", "distance",
     [](Flights f, Random&) {
       for (auto& x : f.distance) x = *x * 1.609344;
       return f.data();
     }},
    {"a default stands for nothing", "out_of_range", "distance",
     [](Flights f, Random& r) {
       for (const std::size_t row : some_rows(r, 1 + r() % 5)) f.distance[row] = -999;
       return f.data();
     }},
    {"hours past the day", "out_of_range", "dep_hour",
     [](Flights f, Random& r) {
       for (const std::size_t row : some_rows(r, 3)) f.hour[row] = 99;
       return f.data();
     }},
    {"a label outside its domain", "out_of_range", "late",
     [](Flights f, Random& r) {
       f.late[some_rows(r, 1)[0]] = 2;
       return f.data();
     }},
    {"two columns are swapped", "out_of_range", "distance",
     [](Flights f, Random&) {
       for (std::size_t i = 0; i < f.wind.size(); ++i) {
         const double wind = f.wind[i].value_or(9);
         f.wind[i] = f.distance[i];
         f.distance[i] = wind;
       }
       return f.data();
     }},
    {"more values are missing", "null_rate", "wind",
     [](Flights f, Random& r) {
       for (const std::size_t row : some_rows(r, 150)) f.wind[row] = std::nullopt;
       return f.data();
     }},
    {"half the values are missing", "null_rate", "carrier",
     [](Flights f, Random& r) {
       for (const std::size_t row : some_rows(r, 600)) f.carrier[row] = std::nullopt;
       return f.data();
     }},
    {"all values are missing", "all_missing", "wind",
     [](Flights f, Random&) {
       f.wind.assign(f.wind.size(), std::nullopt);
       return f.data();
     }},
    {"one value everywhere", "constant_column", "wind",
     [](Flights f, Random& r) {
       f.wind.assign(f.wind.size(), 8 + noise(r));
       return f.data();
     }},
    {"numbers that are none", "not_a_number", "distance",
     [](Flights f, Random& r) {
       f.distance[some_rows(r, 1)[0]] = std::nan("");
       return f.data();
     }},
    {"a division by zero", "infinite", "wind",
     [](Flights f, Random& r) {
       f.wind[some_rows(r, 1)[0]] = r() % 2 == 0 ? INFINITY : -INFINITY;
       return f.data();
     }},
    {"a new category", "new_category", "carrier",
     [](Flights f, Random& r) {
       for (const std::size_t row : some_rows(r, 30)) f.carrier[row] = "ZZ";
       return f.data();
     }},
    {"categories in lower case", "new_category", "carrier",
     [](Flights f, Random& r) {
       for (const std::size_t row : some_rows(r, 200))
         f.carrier[row] = std::string(1, static_cast<char>((*f.carrier[row])[0] + ('a' - 'A')));
       return f.data();
     }},
    {"blanks behind categories", "new_category", "carrier",
     [](Flights f, Random& r) {
       for (const std::size_t row : some_rows(r, 60)) *f.carrier[row] += ' ';
       return f.data();
     }},
    {"repeated rows", "duplicate_rows", "",
     [](Flights f, Random& r) {
       const auto rows = some_rows(r, 120);
       for (std::size_t i = 0; i < 60; ++i) f.copy_row(f, rows[i], rows[60 + i]);
       return f.data();
     }},
    {"rows of the training data", "overlapping_rows", "",
     [](Flights f, Random& r) {
       const Flights known(2000, kReferenceSeed);
       for (const std::size_t row : some_rows(r, 60)) f.copy_row(known, row, row);
       return f.data();
     }},
    {"the label in disguise", "label_leak", "delay",
     [](Flights f, Random& r) {
       return f.with("delay", by_label(f, [&](bool late) { return std::optional((late ? 15 : 0) + 14 * noise(r)); }));
     }},
    {"filled in only afterwards", "label_leak", "refund",
     [](Flights f, Random& r) {
       return f.with("refund", by_label(f, [&](bool late) {
                return late ? std::optional(noise(r)) : std::nullopt;
              }));
     }},
    {"rows without a label", "label_missing", "late",
     [](Flights f, Random& r) {
       f.late[some_rows(r, 1)[0]] = std::nullopt;
       return f.data();
     }},
    {"one class only", "label_constant", "late",
     [](Flights f, Random& r) {
       f.late.assign(f.late.size(), static_cast<std::int64_t>(r() % 2));
       return f.data();
     }},
    {"no rows at all", "no_rows", "", [](Flights, Random&) { return Flights(0).data(); }},
};

const FakeData& reference() {
  static const FakeData it = Flights(2000, kReferenceSeed).data();
  return it;
}

}  // namespace

TEST_CASE("Table contract: 60 planted faults are all found and named") {
  int planted = 0, found = 0;
  for (const Fault& fault : kFaults)
    for (std::uint64_t seed = 1; seed <= 2; ++seed, ++planted) {
      INFO(fault.name << ", seed " << seed);
      Random random(1000 * seed + static_cast<std::uint64_t>(planted));
      const Flights flights(kRows, 50 * seed + static_cast<std::uint64_t>(planted));
      REQUIRE(rules(findings(flights.data(), &reference())).empty());
      const std::vector<Row> rows = findings(fault.plant(flights, random), &reference());
      const bool named = std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
        return row.at("rule") == fault.rule && row.at("column") == fault.column && row.at("severity") != "info";
      });
      CHECK(named);
      if (!named) CHECK(rules(rows) == std::vector<std::string>{});
      found += named ? 1 : 0;
    }
  CHECK(planted == 60);
  CHECK(found == planted);
}

TEST_CASE("Table contract: twelve tables that are merely different have no finding") {
  const auto clean = [](const char* what, const FakeData& data, bool compared = true) {
    INFO(what);
    CHECK(rules(findings(data, compared ? &reference() : nullptr)) == std::vector<std::string>{});
  };
  clean("few rows", Flights(60, 11).data());
  clean("many rows", Flights(9000, 12).data());
  clean("looked at alone", Flights(1200, 13).data(), false);
  clean("one row a batch", Flights(400, 14).data().with_batch_rows(1));
  Flights f(1200, 15);
  clean("columns in another order", FakeData()
                                        .utf8("carrier", f.carrier)
                                        .f64("wind", f.wind)
                                        .f64("distance", f.distance)
                                        .i64("dep_hour", f.hour)
                                        .i64("late", f.late)
                                        .with_role("label", "late"));
  std::sort(f.distance.begin(), f.distance.end());
  clean("sorted by a column", f.data());
  f = Flights(1200, 16);
  for (std::size_t i = 0; i < 40; ++i) f.wind[i * 7] = std::nullopt;
  clean("a few more values missing", f.data());
  f = Flights(1200, 17);
  for (auto& wind : f.wind)
    if (wind) wind = 10 + (*wind - 10) * 0.9;
  clean("a narrower range", f.data());
  f = Flights(1200, 18);
  for (std::size_t i = 0; i < 240; ++i) f.carrier[i] = "A";
  clean("other shares of the categories", f.data());
  f = Flights(1200, 19);
  for (std::size_t i = 0; i < 150; ++i) f.late[i] = 1;
  clean("another share of the classes", f.data());
  f = Flights(1200, 20);
  f.copy_row(f, 3, 700);
  clean("one repeated row", f.data());
  f = Flights(1200, 21);
  f.wind[5] = 10 + 3 * 3.6;
  clean("a value near the end of the range", f.data());
}

}  // namespace assay
