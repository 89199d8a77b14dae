// SPDX-License-Identifier: Apache-2.0
// The detector's numbers against SciPy's, and what its rows say.
#include <cmath>

#include "fold_fixture.h"
#include "plugins/drift/contingency.h"
#include "plugins/drift/distances.h"
#include "plugins/drift/kolmogorov.h"

namespace assay {
namespace {

using namespace fold_test;
using nlohmann::json;
using Numbers = std::vector<std::optional<double>>;
using Texts = std::vector<std::optional<std::string>>;

const FakeHost& host() {
  static const FakeHost it = FakeHost::load(ASSAY_DRIFT);
  return it;
}

// The rows of `current` against `reference`.
std::vector<Row> compared(const FakeData& reference, const FakeData& current,
                          const sdk::testing::Json::Object& settings = {}, FakeBundle* extras = nullptr) {
  const auto component = host().component("drift", settings);
  const Folder folder{component, ASSAY_CAP_DRIFT_V1};
  FakeBundle state = folder.state(reference);
  FakeFold fold(component, ASSAY_CAP_DRIFT_V1, current, &state);
  fold.update(current);
  return rows_of(fold, extras);
}

Numbers numbers_of(const json& values) {
  const auto plain = values.get<std::vector<double>>();
  return {plain.begin(), plain.end()};
}

Texts repeated(const std::vector<std::string>& names, const std::vector<std::uint64_t>& counts) {
  Texts out;
  for (std::size_t i = 0; i < names.size(); ++i) out.insert(out.end(), counts[i], names[i]);
  return out;
}

Numbers normal(int rows, double mean, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> draw(mean, 1);
  Numbers out;
  for (int i = 0; i < rows; ++i) out.push_back(draw(random));
  return out;
}

FakeData of(const Numbers& x) {
  return FakeData().f64("x", x);
}

std::vector<std::string> drifted(const std::vector<Row>& rows) {
  std::vector<std::string> out;
  for (const Row& row : rows)
    if (row.at("drifted") == "1") out.push_back(row.at("column") + " " + row.at("statistic"));
  return out;
}

}  // namespace

TEST_CASE("Drift: numeric distances equal SciPy's") {
  for (const json& c : golden("drift_numeric.json")) {
    INFO(c.at("name").get<std::string>());
    const std::vector<Row> rows =
        compared(of(numbers_of(c.at("reference"))), of(numbers_of(c.at("current"))), {{"min_rows", 1}});
    const auto check = [&](const char* statistic, const char* value, const char* p) {
      INFO(statistic);
      const Row& row = only(rows, {{"column", "x"}, {"statistic", statistic}});
      CHECK(number(row, "value") == Approx(c.at(value).get<double>()).epsilon(1e-12).margin(1e-15));
      if (p != nullptr)
        CHECK(number(row, "p_value") == Approx(c.at(p).get<double>()).epsilon(1e-9).margin(1e-300));
    };
    check("ks", "ks", "ks_p");
    check("psi", "psi", "psi_p");
    check("js_distance", "js_distance", nullptr);
    check("wasserstein", "wasserstein", "ks_p");
  }
}

TEST_CASE("Drift: categorical distances equal SciPy's") {
  for (const json& c : golden("drift_categorical.json")) {
    INFO(c.at("name").get<std::string>());
    const auto names = c.at("categories").get<std::vector<std::string>>();
    const auto before = c.at("reference").get<std::vector<std::uint64_t>>(),
               now = c.at("current").get<std::vector<std::uint64_t>>();
    const drift::ChiSquared chi = drift::chi_squared({names, before, now});
    CHECK(chi.statistic == Approx(c.at("chi_squared").get<double>()).epsilon(1e-12));
    CHECK(chi.degrees == c.at("degrees").get<double>());
    const std::vector<Row> rows = compared(FakeData().utf8("c", repeated(names, before)),
                                           FakeData().utf8("c", repeated(names, now)), {{"min_rows", 1}});
    const auto value = [&](const char* statistic) {
      return number(only(rows, {{"column", "c"}, {"statistic", statistic}}), "value");
    };
    CHECK(number(only(rows, {{"statistic", "cramers_v"}}), "p_value") ==
          Approx(c.at("chi_squared_p").get<double>()).epsilon(1e-11));
    CHECK(value("cramers_v") == Approx(c.at("cramers_v").get<double>()).epsilon(1e-12));
    CHECK(value("l_infinity") == Approx(c.at("l_infinity").get<double>()).epsilon(1e-12));
    CHECK(value("js_distance") == Approx(c.at("js_distance").get<double>()).epsilon(1e-12));
  }
}

TEST_CASE("Drift: Kolmogorov-Smirnov p-values equal SciPy's in every regime") {
  for (const json& c : golden("kolmogorov.json")) {
    const auto a = c.at("rows_a").get<std::uint64_t>(), b = c.at("rows_b").get<std::uint64_t>();
    const double d = c.at("d").get<double>();
    INFO(c.at("name").get<std::string>() << ", D = " << d);
    const double p = b == 0 ? drift::ks_one_sample_p(a, d) : drift::ks_two_sample_p(d, a, b, [] {});
    CHECK(p == Approx(c.at("p").get<double>()).epsilon(1e-9).margin(1e-290));
  }
}

TEST_CASE(
    "Drift: with more distinct values than are kept, bounds hold the exact distance and bins stay exact") {
  const FakeData reference = of(normal(9000, 0, 1)), current = of(normal(7000, 0.15, 2));
  const std::vector<Row> exact = compared(reference, current),
                         binned = compared(reference, current, {{"exact_values", 4096}});
  const auto value = [](const std::vector<Row>& rows, const char* statistic) {
    return number(only(rows, {{"statistic", statistic}}), "value");
  };
  CHECK(value(binned, "ks") <= value(exact, "ks"));
  CHECK(value(binned, "ks_upper_bound") >= value(exact, "ks"));
  CHECK(value(binned, "ks_upper_bound") - value(binned, "ks") < 0.004);
  CHECK(value(binned, "wasserstein") == Approx(value(exact, "wasserstein")).margin(0.002));
  CHECK(std::none_of(exact.begin(), exact.end(),
                     [](const Row& row) { return row.at("statistic") == "ks_upper_bound"; }));
}

TEST_CASE("Drift: whole numbers and repeated decimals stay exact however many rows there are") {
  Numbers reference, current;
  for (int i = 0; i < 50'000; ++i) reference.push_back(i % 24), current.push_back(i * 7 % 24);
  const std::vector<Row> rows = compared(of(reference), of(current), {{"exact_values", 4096}});
  CHECK(std::none_of(rows.begin(), rows.end(),
                     [](const Row& row) { return row.at("statistic") == "ks_upper_bound"; }));
  CHECK(drifted(rows).empty());
}

TEST_CASE("Drift: fewer rows than the minimum never alarm, and a row says so") {
  const std::vector<Row> rows = compared(of(normal(5000, 0, 1)), of(normal(499, 3, 2)));
  CHECK(drifted(rows).empty());
  CHECK(only(rows, {{"statistic", "too_few_rows"}, {"column", ""}}).at("value") == "499");
  CHECK(!drifted(compared(of(normal(5000, 0, 1)), of(normal(500, 3, 2)))).empty());
  Numbers mostly_missing = normal(5000, 3, 2);
  for (std::size_t i = 400; i < mostly_missing.size(); ++i) mostly_missing[i] = std::nullopt;
  CHECK(drifted(compared(of(normal(5000, 0, 1)), of(mostly_missing))) ==
        std::vector<std::string>{"x null_rate"});
}

TEST_CASE("Drift: columns that are missing, new or of another type are named") {
  const Numbers x = normal(600, 0, 1);
  const Texts c(600, "a");
  const std::vector<std::optional<std::int64_t>> label(600, 1);
  const FakeData reference =
      FakeData().f64("x", x).f64("gone", x).f64("kind", x).i64("late", label).with_role("label", "late");
  const FakeData current = FakeData().f64("x", x).utf8("kind", c).f64("fresh", x);
  const std::vector<Row> rows = compared(reference, current);
  CHECK(drifted(rows) == std::vector<std::string>{"kind type_change", "gone missing_column"});
  CHECK(only(rows, {{"column", "fresh"}, {"statistic", "missing_column"}}).at("n_ref") == "0");
  CHECK(only(rows, {{"column", "late"}, {"statistic", "missing_column"}}).at("drifted") == "0");
}

TEST_CASE("Drift: scores that cross the threshold are a drift of the predicted classes") {
  Numbers before, now;
  for (int i = 0; i < 1000; ++i) {
    before.push_back(i < 400 ? 0.52 : 0.49);
    now.push_back(i < 500 ? 0.52 : 0.49);
  }
  const auto scores = [](const Numbers& x) { return FakeData().f64("p", x).with_role("score", "p"); };
  const auto rows = compared(scores(before), scores(now));
  CHECK(number(only(rows, {{"statistic", "class_share"}}), "value") == Approx(0.1));
  CHECK(only(rows, {{"statistic", "class_share"}}).at("drifted") == "1");
  const auto all_positive = compared(scores(before), scores(now), {{"score_threshold", 0.4}});
  CHECK(number(only(all_positive, {{"statistic", "class_share"}}), "value") == 0);
  for (const Row& each : compared(of(before), of(now))) CHECK(each.at("statistic") != "class_share");
}

TEST_CASE("Drift: a timestamp always moves and is left alone") {
  const FakeData reference = FakeData().f64("at", normal(600, 0, 1)).with_role("timestamp", "at");
  CHECK(compared(reference, FakeData().f64("at", normal(600, 100, 1)).with_role("timestamp", "at")).empty());
}

TEST_CASE("Drift: categories that shift, appear or are too many") {
  const auto letters = [](int rows, int a) {
    Texts out;
    for (int i = 0; i < rows; ++i) out.push_back(i % 100 < a ? "a" : "b");
    return FakeData().utf8("c", out);
  };
  CHECK(drifted(compared(letters(2000, 50), letters(2000, 52))).empty());
  CHECK(!drifted(compared(letters(2000, 50), letters(2000, 70))).empty());
  // The same shift is the same effect when the reference is a hundred times larger.
  const auto v = [&](int rows) {
    return number(only(compared(letters(rows, 50), letters(1000, 70)), {{"statistic", "cramers_v"}}),
                  "value");
  };
  CHECK(v(1000) == Approx(v(100'000)).epsilon(1e-12));
  Texts with_new(2000, "a");
  for (int i = 0; i < 40; ++i) with_new[static_cast<std::size_t>(i)] = "zz";
  for (int i = 1000; i < 2000; ++i) with_new[static_cast<std::size_t>(i)] = "b";
  const std::vector<Row> fresh = compared(letters(2000, 50), FakeData().utf8("c", with_new));
  CHECK(only(fresh, {{"statistic", "new_category"}}).at("drifted") == "1");
  CHECK(number(only(fresh, {{"statistic", "new_category"}}), "value") == 0.02);
  Texts ids;
  for (int i = 0; i < 20'000; ++i) ids.push_back("id-" + std::to_string(i));
  const std::vector<Row> rows = compared(FakeData().utf8("c", ids), FakeData().utf8("c", ids));
  CHECK(drifted(rows).empty());
  CHECK(only(rows, {{"statistic", "too_many_categories"}}).at("column") == "c");
}

TEST_CASE("Drift: missing, NaN and infinite values count as missing") {
  Numbers x = normal(2000, 0, 1);
  for (std::size_t i = 0; i < 300; ++i)
    x[i] = i % 3 == 0 ? std::optional<double>() : std::optional<double>(i % 3 == 1 ? std::nan("") : INFINITY);
  const std::vector<Row> rows = compared(of(normal(2000, 0, 2)), of(x));
  CHECK(drifted(rows) == std::vector<std::string>{"x null_rate"});
  CHECK(number(only(rows, {{"statistic", "null_rate"}}), "value") == Approx(0.15));
}

TEST_CASE("Drift: constant and empty columns have finite answers") {
  const Numbers five(600, 5.0), six(600, 6.0), nothing(600, std::nullopt);
  CHECK(drifted(compared(of(five), of(five))).empty());
  const std::vector<Row> moved = compared(of(five), of(six));
  CHECK(number(only(moved, {{"statistic", "ks"}}), "value") == 1);
  for (const Row& row : moved) CHECK(std::isfinite(number(row, "value")));
  CHECK(drifted(compared(of(five), of(nothing))) == std::vector<std::string>{"x null_rate"});
  for (const Row& row : compared(of({}), of(five))) CHECK(row.at("drifted") == "0");
}

}  // namespace assay
