// SPDX-License-Identifier: Apache-2.0
// Two models on the same rows: published figures, definitions, and the fold's own laws.
#include <cmath>

#include "fold_fixture.h"
#include "plugins/classification/paired.h"

namespace assay {
namespace {

using namespace fold_test;
using nlohmann::json;

const classification::Poll never = [] {};

const FakeHost& host() {
  static const FakeHost it = FakeHost::load(ASSAY_CLASSIFICATION);
  return it;
}

struct Pairs {
  std::vector<std::optional<std::int64_t>> labels;
  std::vector<std::optional<double>> candidate, reference;
  std::vector<std::optional<std::string>> carriers;

  static Pairs of(const json& labels, const json& candidate, const json& reference) {
    Pairs out;
    for (std::size_t i = 0; i < labels.size(); ++i)
      out.add(labels[i].get<int>(), candidate[i].get<double>(), reference[i].get<double>());
    return out;
  }
  static Pairs drawn(int rows, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Pairs out;
    for (int i = 0; i < rows; ++i) {
      const double one = static_cast<double>(random() % 100) / 99, other = static_cast<double>(random() % 100) / 99;
      out.add(static_cast<double>(random() % 100) / 99 < one ? 1 : 0, one, other, random() % 3 == 0 ? "B" : "A");
    }
    return out;
  }
  void add(int label, double own, double other, const char* carrier = "A") {
    labels.emplace_back(label);
    candidate.emplace_back(own);
    reference.emplace_back(other);
    carriers.emplace_back(carrier);
  }
  FakeData data(bool grouped = false) const {
    FakeData out = FakeData()
                       .utf8("carrier", carriers)
                       .i64("late", labels)
                       .f64("score", candidate)
                       .f64("other", reference)
                       .with_role("label", "late")
                       .with_role("score", "score")
                       .with_role("reference_score", "other");
    return grouped ? std::move(out).with_role("group", "carrier") : out;
  }
  classification::PairedSample sample() const {
    classification::PairedRows rows;
    classification::GroupedRows added = rows.none();
    for (std::size_t i = 0; i < labels.size(); ++i)
      added.add(classification::pair_of(*candidate[i], *reference[i], *labels[i] == 1), {});
    rows.merge(added);
    classification::PairedSample out;
    rows.for_each_slice(never, [&](const std::string&, const classification::PairedSample& all) { out = all; });
    return out;
  }
};

std::vector<Row> compared(const FakeData& data, const sdk::testing::Json::Object& settings = {}) {
  const auto component = host().component("classification", settings);
  return Folder{component, ASSAY_CAP_EVALUATOR_V1}.whole(data);
}

json document(const std::string& file) {
  std::ifstream in(std::string(ASSAY_GOLDENS) + "/" + file);
  return json::parse(in);
}

}  // namespace

TEST_CASE("Paired: DeLong's test answers what pROC does for its published example") {
  const json asah = document("asah.json");
  for (const json& c : asah.at("cases")) {
    INFO(c.at("name").get<std::string>());
    Pairs pairs = Pairs::of(asah.at("labels"), asah.at("ranks").at(c.at("candidate").get<std::string>()),
                            asah.at("ranks").at(c.at("reference").get<std::string>()));
    for (auto* scores : {&pairs.candidate, &pairs.reference})
      for (auto& score : *scores) score = *score / 128;
    const std::vector<Row> rows = compared(pairs.data(), {{"bootstrap_resamples", 0}});
    const Row& area = only(rows, {{"name", "roc_auc:delong"}});
    CHECK(area.at("n") == "113");
    CHECK(number(area, "ci_low") == Approx(c.at("interval")[0].get<double>()).epsilon(1e-12));
    CHECK(number(area, "ci_high") == Approx(c.at("interval")[1].get<double>()).epsilon(1e-12));
    const auto variance = classification::delong_variance(pairs.sample(), never);
    REQUIRE(variance);
    const double z = number(area, "value") / std::sqrt(*variance);
    CHECK(z == Approx(c.at("z").get<double>()).epsilon(1e-12));
    CHECK(std::erfc(std::fabs(z) / std::sqrt(2)) == Approx(c.at("p").get<double>()).epsilon(1e-12));
  }
}

TEST_CASE("Paired: differences of metrics, and DeLong's variance, equal their definitions") {
  for (const json& c : golden("paired.json")) {
    INFO(c.at("name").get<std::string>());
    const Pairs pairs = Pairs::of(c.at("labels"), c.at("candidate"), c.at("reference"));
    const std::vector<Row> rows =
        compared(pairs.data(), {{"bootstrap_resamples", 0}, {"threshold", c.at("threshold").get<double>()}});
    CHECK(rows.size() == c.at("values").size() + 2);
    for (const auto& [name, value] : c.at("values").items()) {
      INFO(name);
      const Row& row = only(rows, {{"name", name + ":paired_bootstrap"}});
      CHECK(row.at("ci_low") == "-");
      if (value.is_null())
        CHECK(std::isnan(number(row, "value")));
      else
        CHECK(number(row, "value") == Approx(value.get<double>()).margin(1e-12));
    }
    const auto variance = classification::delong_variance(pairs.sample(), never);
    REQUIRE(variance.has_value() == !c.at("delong_variance").is_null());
    if (variance) CHECK(*variance == Approx(c.at("delong_variance").get<double>()).epsilon(1e-11).margin(1e-18));
    CHECK((only(rows, {{"name", "roc_auc:delong"}}).at("ci_low") == "-") == !variance.has_value());
    const auto apart = classification::discordant(pairs.sample(), c.at("threshold").get<double>());
    CHECK(apart.candidate_right == c.at("discordant")[0]);
    CHECK(apart.reference_right == c.at("discordant")[1]);
    const Row& accuracy = only(rows, {{"name", "accuracy:mcnemar"}});
    CHECK(number(accuracy, "value") * static_cast<double>(pairs.labels.size()) ==
          Approx(static_cast<double>(apart.candidate_right - apart.reference_right)).margin(1e-9));
  }
}

TEST_CASE("Paired: McNemar's interval is Tango's, and leaves out 0 exactly when the test rejects") {
  for (const json& c : golden("mcnemar.json")) {
    INFO(c.at("name").get<std::string>());
    const auto n = c.at("n").get<std::int64_t>();
    const classification::Discordant counts{c.at("b").get<std::int64_t>(), c.at("c").get<std::int64_t>()};
    const auto interval = classification::mcnemar(counts, n, 0.95);
    REQUIRE(interval);
    CHECK(interval->low == Approx(c.at("interval")[0].get<double>()).margin(2e-6));
    CHECK(interval->high == Approx(c.at("interval")[1].get<double>()).margin(2e-6));
    const bool rejected = c.at("p").get<double>() < 0.05;
    CHECK((interval->low > 0 || interval->high < 0) == rejected);
    const auto turned = classification::mcnemar({counts.reference_right, counts.candidate_right}, n, 0.95);
    CHECK(turned->low == Approx(-interval->high).margin(1e-12));
    CHECK(turned->high == Approx(-interval->low).margin(1e-12));
  }
  CHECK_FALSE(classification::mcnemar({}, 0, 0.95));
}

TEST_CASE("Paired: McNemar's test gives the textbooks' answers") {
  // The confidence at which the interval touches 0 is what the p-value leaves of 1.
  const auto p_value = [](std::int64_t b, std::int64_t c, std::int64_t n) {
    double rejects = 0, accepts = 1;  // as p-values
    for (int i = 0; i < 60; ++i) {
      const double p = (rejects + accepts) / 2;
      const auto interval = classification::mcnemar({b, c}, n, 1 - p);
      (interval->low > 0 || interval->high < 0 ? accepts : rejects) = p;
    }
    return rejects;
  };
  // Agresti: 86 and 150 of 1600, z = -4.17, z^2 = 17.36.
  CHECK(p_value(86, 150, 1600) == Approx(std::erfc(std::sqrt(17.3559322 / 2))).epsilon(1e-6));
  // Bentur et al.: 1 and 7 of 21; Tango's interval begins at -0.517, and the exact test's p = 0.0703, which is 2 (1 + 8) / 256.
  CHECK(classification::mcnemar({1, 7}, 21, 0.95)->low == Approx(-0.517).margin(5e-4));
  CHECK(p_value(1, 7, 21) == Approx(18.0 / 256).epsilon(1e-9));
}

TEST_CASE("Paired: the bootstrap's standard error is DeLong's within a tenth") {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  Pairs pairs;
  for (int i = 0; i < 3000; ++i) {
    const int label = random() % 4 == 0 ? 1 : 0;
    const double signal = label + normal(random);
    const auto score = [&] { return 1 / (1 + std::exp(-(signal + 0.7 * normal(random)))); };
    pairs.add(label, score(), score());
  }
  const auto rows = compared(pairs.data(), {{"bootstrap_resamples", 2000}});
  const auto width = [&](const char* name) {
    const Row& row = only(rows, {{"name", name}});
    return number(row, "ci_high") - number(row, "ci_low");
  };
  CHECK(width("roc_auc:paired_bootstrap") == Approx(width("roc_auc:delong")).epsilon(0.1));
  CHECK(width("accuracy:paired_bootstrap") == Approx(width("accuracy:mcnemar")).epsilon(0.1));
}

TEST_CASE("Paired: a model differs from itself by nothing") {
  const json c = golden("paired.json")[0];
  for (const Row& row : compared(Pairs::of(c.at("labels"), c.at("candidate"), c.at("candidate")).data())) {
    INFO(row.at("name"));
    CHECK(number(row, "value") == 0);
    if (row.at("name") == "accuracy:mcnemar") continue;  // what rows have not shown, they cannot exclude
    CHECK((number(row, "ci_low") == 0 && number(row, "ci_high") == 0));
  }
}

TEST_CASE("Paired: the result does not depend on batches, merges, saves or the order of rows") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 20}});
  const Folder folder{component, ASSAY_CAP_EVALUATOR_V1};
  const Pairs pairs = Pairs::drawn(1100, 3);
  Pairs reversed = pairs;
  for (auto* column : {&reversed.candidate, &reversed.reference}) std::reverse(column->begin(), column->end());
  std::reverse(reversed.labels.begin(), reversed.labels.end());
  std::reverse(reversed.carriers.begin(), reversed.carriers.end());
  const FakeData data = pairs.data(true);
  const std::vector<Row> whole = folder.whole(data);
  CHECK(folder.whole(pairs.data(true).with_batch_rows(1)) == whole);
  CHECK(folder.whole(reversed.data(true)) == whole);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) CHECK(folder.in_pieces(data, seed) == whole);
  CHECK(folder.state(data) == folder.state(reversed.data(true)));
}

TEST_CASE("Paired: a slice has the differences of its rows alone") {
  const Pairs pairs = Pairs::drawn(500, 9);
  Pairs part;
  for (std::size_t i = 0; i < pairs.labels.size(); ++i)
    if (*pairs.carriers[i] == "B")
      part.add(static_cast<int>(*pairs.labels[i]), *pairs.candidate[i], *pairs.reference[i], "B");
  const auto rows = compared(pairs.data(true));
  CHECK(rows.size() == 3 * 20);
  for (Row row : compared(part.data())) {
    row["slice"] = "carrier=B";
    CHECK(only(rows, {{"name", row.at("name")}, {"slice", "carrier=B"}}) == row);
  }
}

TEST_CASE("Paired: bad rows, several classes and unlike states are refused by name") {
  const auto message_of = [](const auto& act) -> std::string {
    try {
      act();
    } catch (const sdk::Error& error) {
      return error.what();
    }
    return {};
  };
  Pairs bad = Pairs::drawn(20, 1);
  bad.reference[13] = std::nan("");
  CHECK_THAT(message_of([&] { compared(bad.data().with_batch_rows(5)); }), Catch::Contains("other at row 13"));
  bad = Pairs::drawn(20, 1);
  bad.candidate[4] = 1.01;
  CHECK_THAT(message_of([&] { compared(bad.data()); }), Catch::Contains("score at row 4"));
  const Pairs pairs = Pairs::drawn(20, 1);
  const FakeData several = pairs.data().f64("second", pairs.reference).with_role("reference_score", "second");
  CHECK_THAT(message_of([&] { compared(several); }), Catch::Contains("one column of scores each"));

  const auto component = host().component("classification");
  const FakeData alone = FakeData()
                             .i64("late", pairs.labels)
                             .f64("score", pairs.candidate)
                             .with_role("label", "late")
                             .with_role("score", "score");
  FakeFold two(component, ASSAY_CAP_EVALUATOR_V1, pairs.data()), one(component, ASSAY_CAP_EVALUATOR_V1, alone);
  CHECK_THAT(message_of([&] { two.merge(one); }), Catch::Contains("cannot be merged"));
  CHECK_THAT(message_of([&] { one.merge(two); }), Catch::Contains("cannot be merged"));
}

TEST_CASE("Paired: whatever a state's bytes are, restoring answers or says they are corrupt") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 0}});
  const Folder folder{component, ASSAY_CAP_EVALUATOR_V1};
  const FakeData data = Pairs::drawn(60, 2).data(true);
  check_hostile_states(folder, data, folder.state(data), [](FakeFold& fold, FakeBundle&) { rows_of(fold); });
}

}  // namespace assay
