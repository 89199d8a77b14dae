// SPDX-License-Identifier: Apache-2.0
// The evaluator with a column of scores for each class: its numbers against scikit-learn's, its fold, what it
// refuses; and how it compares the groups of a binary classifier.
#include <cmath>

#include "fold_fixture.h"
#include "plugins/classification/fairness.h"
#include "plugins/classification/intervals.h"

namespace assay {
namespace {

using namespace fold_test;
using nlohmann::json;
using Settings = sdk::testing::Json::Object;
using sdk::testing::Json;

const FakeHost& host() {
  static const FakeHost it = FakeHost::load(ASSAY_CLASSIFICATION);
  return it;
}

// Scores p0, p1, … beside the labels that `add_labels` puts into a column y.
template <class AddLabels>
FakeData table_of(const std::vector<std::vector<double>>& rows, const std::vector<std::string>& names,
                  AddLabels add_labels) {
  FakeData out;
  add_labels(out);
  out.with_role("label", "y");
  for (std::size_t c = 0; c < names.size(); ++c) {
    std::vector<std::optional<double>> column;
    for (const std::vector<double>& row : rows) column.push_back(row[c]);
    out.f64(names[c], column).with_role("score", names[c]);
  }
  return out;
}

FakeData numbered(const std::vector<std::int64_t>& labels, const std::vector<std::vector<double>>& rows) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < rows.at(0).size(); ++c) names.push_back("p" + std::to_string(c));
  return table_of(rows, names, [&](FakeData& out) { out.i64("y", {labels.begin(), labels.end()}); });
}

// A case's labels are numbers, or texts when its classes are.
FakeData table_of(const json& c) {
  const auto labels = c.at("labels").get<std::vector<std::int64_t>>();
  const auto rows = c.at("scores").get<std::vector<std::vector<double>>>();
  const auto names = c.at("classes").get<std::vector<std::string>>();
  if (names[0] == "0") return numbered(labels, rows);
  std::vector<std::optional<std::string>> texts;
  for (const std::int64_t label : labels) texts.emplace_back(names[static_cast<std::size_t>(label)]);
  return table_of(rows, names, [&](FakeData& out) { out.utf8("y", texts); });
}

void check_value(double got, const json& wanted) {
  if (wanted.is_null())
    CHECK(std::isnan(got));
  else
    CHECK(got == Approx(wanted.get<double>()).epsilon(1e-12).margin(1e-15));
}

// Seeded rows of three classes with a group, ties and equal rows among them.
struct Example {
  std::vector<std::int64_t> labels;
  std::vector<std::vector<double>> scores;
  std::vector<std::optional<std::string>> groups;

  explicit Example(int rows, std::uint64_t seed = 17) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < rows; ++i) {
      labels.push_back(static_cast<std::int64_t>(random() % 3));
      std::vector<double> row(3, 0.25);
      row[(static_cast<std::size_t>(labels.back()) + (random() % 3 == 0 ? 1 : 0)) % 3] = 0.5;
      if (random() % 2 == 0) {
        const double moved = static_cast<double>(random() % 1000) / 4001;
        row[0] += moved - 0.2;
        row[2] -= moved - 0.2;
      }
      scores.push_back(row);
      groups.emplace_back(random() % 4 == 0 ? "north" : "south");
    }
  }
  FakeData data() const { return numbered(labels, scores).utf8("side", groups).with_role("group", "side"); }
  Example reversed() const {
    Example out = *this;
    std::reverse(out.labels.begin(), out.labels.end());
    std::reverse(out.scores.begin(), out.scores.end());
    std::reverse(out.groups.begin(), out.groups.end());
    return out;
  }
};

struct Refusal {
  assay_status status = ASSAY_OK;
  std::string message;
};

Refusal refusal_of(const FakeData& data, const Settings& settings = {}) {
  try {
    const auto component = host().component("classification", settings);
    Folder{component, ASSAY_CAP_EVALUATOR_V1}.whole(data);
    return {};
  } catch (const sdk::Error& error) {
    return {error.status(), error.what()};
  }
}

void check_refused(const Refusal& refusal, assay_status status, const std::string& part) {
  CHECK(refusal.status == status);
  CHECK_THAT(refusal.message, Catch::Contains(part));
}

}  // namespace

TEST_CASE("Classes: every metric equals scikit-learn's, ties and classes that do not occur included") {
  for (const json& c : golden("classes.json")) {
    INFO(c.at("name").get<std::string>());
    const auto component =
        host().component("classification", {{"top_k", c.at("top_k").get<double>()}, {"bootstrap_resamples", 10}});
    const FakeData data = table_of(c);
    FakeFold fold(component, ASSAY_CAP_EVALUATOR_V1, data);
    fold.update(data);
    FakeBundle extras;
    const std::vector<Row> rows = rows_of(fold, &extras);
    const auto names = c.at("classes").get<std::vector<std::string>>();
    const std::size_t classes = names.size();
    CHECK(rows.size() == c.at("values").size() + 5 * classes + classes * classes);
    for (const auto& [name, value] : c.at("values").items()) {
      INFO(name);
      const Row& row = only(rows, {{"name", name}, {"slice", ""}});
      check_value(number(row, "value"), value);
      CHECK(row.at("n") == std::to_string(data.rows()));
      if (row.at("ci_low") == "-") continue;
      CHECK(number(row, "ci_low") <= number(row, "value"));
      CHECK(number(row, "value") <= number(row, "ci_high"));
    }
    for (std::size_t k = 0; k < classes; ++k) {
      for (const auto& [name, values] : c.at("by_class").items()) {
        INFO(name << " of " << names[k]);
        check_value(number(only(rows, {{"name", name}, {"slice", "y=" + names[k]}}), "value"), values[k]);
      }
      for (std::size_t p = 0; p < classes; ++p)
        CHECK(only(rows, {{"name", "confusion"}, {"slice", "y=" + names[k] + ", predicted=" + names[p]}})
                  .at("value") == std::to_string(c.at("confusion")[k][p].get<int>()));
    }
    const json confusion = json::parse(*extras.find("confusion.json"));
    CHECK(confusion == json({{"classes", c.at("classes")}, {"counts", c.at("confusion")}}));
  }
}

TEST_CASE("Classes: the intervals are Wilson's for shares, DeLong's for a class, the bootstrap's for the rest") {
  const json all = golden("classes.json");
  const json& c = all.at(0);
  const auto names = c.at("classes").get<std::vector<std::string>>();
  const auto component = host().component("classification");
  const std::vector<Row> rows = Folder{component, ASSAY_CAP_EVALUATOR_V1}.whole(table_of(c));
  std::int64_t correct = 0;
  for (std::size_t k = 0; k < names.size(); ++k) correct += c.at("confusion")[k][k].get<int>();
  const auto share = classification::wilson(correct, static_cast<std::int64_t>(c.at("labels").size()), 0.95);
  CHECK(number(only(rows, {{"name", "accuracy"}}), "ci_low") == share->low);
  CHECK(number(only(rows, {{"name", "recall_weighted"}}), "ci_high") == share->high);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const Row& area = only(rows, {{"name", "roc_auc"}, {"slice", "y=" + names[k]}});
    const double half =
        classification::normal_quantile(0.95) * std::sqrt(c.at("delong_variance")[k].get<double>());
    CHECK(number(area, "ci_low") == Approx(std::max(0.0, number(area, "value") - half)).margin(1e-12));
    CHECK(number(area, "ci_high") == Approx(std::min(1.0, number(area, "value") + half)).margin(1e-12));
  }
  for (const char* name : {"f1_macro", "mcc", "roc_auc_ovr", "roc_auc_ovo_weighted", "log_loss", "brier"}) {
    INFO(name);
    const Row& row = only(rows, {{"name", name}});
    const double width = number(row, "ci_high") - number(row, "ci_low");
    CHECK((width > 0 && width < 0.6));
  }
}

TEST_CASE("Classes: the result does not depend on batches, merges, saves or the order of rows") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 10}});
  const Folder folder{component, ASSAY_CAP_EVALUATOR_V1};
  const Example example(2500);
  const FakeData data = example.data();
  const std::vector<Row> whole = folder.whole(data);
  CHECK(whole.size() == 21 * 3 + 5 * 3 + 9);
  CHECK(folder.whole(example.data().with_batch_rows(1)) == whole);
  CHECK(folder.whole(example.reversed().data()) == whole);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) CHECK(folder.in_pieces(data, seed) == whole);
  CHECK(folder.state(data) == folder.state(example.reversed().data()));
}

TEST_CASE("Classes: scores that differ in their last bits only are ordered by them") {
  std::vector<std::int64_t> labels;
  std::vector<std::vector<double>> scores;
  for (int i = 0; i < 3000; ++i) {  // the later, the higher the score of class 1
    const double high = 0.5 + static_cast<double>(i * 7 % 3000) * 0x1p-53;
    labels.push_back(i * 7 % 3000 < 1500 ? 0 : 1);
    scores.push_back({0.25, high, 0.25});
  }
  labels[0] = 2;
  const auto component = host().component("classification", {{"bootstrap_resamples", 0}});
  const std::vector<Row> rows = Folder{component, ASSAY_CAP_EVALUATOR_V1}.whole(numbered(labels, scores));
  CHECK(only(rows, {{"name", "roc_auc"}, {"slice", "y=1"}}).at("value") == "1");
}

TEST_CASE("Classes: a slice of a group has the metrics of its rows alone, and no rows give no metric") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 10}});
  const Folder folder{component, ASSAY_CAP_EVALUATOR_V1};
  const Example all(900);
  Example part(0);
  for (std::size_t i = 0; i < all.labels.size(); ++i) {
    if (all.groups[i] != std::optional<std::string>("north")) continue;
    part.labels.push_back(all.labels[i]);
    part.scores.push_back(all.scores[i]);
    part.groups.push_back(all.groups[i]);
  }
  const std::vector<Row> rows = folder.whole(all.data());
  for (const Row& row : folder.whole(part.data())) {
    if (!row.at("slice").empty()) continue;
    Row wanted = row;
    wanted["slice"] = "side=north";
    CHECK(only(rows, {{"name", row.at("name")}, {"slice", "side=north"}}) == wanted);
  }
  FakeFold none(component, ASSAY_CAP_EVALUATOR_V1, all.data());
  for (const Row& row : rows_of(none))
    CHECK((std::isnan(number(row, "value")) || number(row, "value") == 0));
}

TEST_CASE("Classes: labels are counted, named by the columns of scores, or named by the setting") {
  const std::vector<std::vector<double>> scores = {{0.7, 0.2, 0.1}, {0.1, 0.6, 0.3}, {0.2, 0.2, 0.6}};
  const auto accuracy = [&](const FakeData& data, const Settings& settings) {
    const auto component = host().component("classification", settings);
    return only(Folder{component, ASSAY_CAP_EVALUATOR_V1}.whole(data), {{"name", "accuracy"}}).at("value");
  };
  const Settings numbers = {{"classes", std::vector<Json>{"7", "-1", "30"}}},
                 texts = {{"classes", std::vector<Json>{"a", "b", "c"}}};
  CHECK(accuracy(numbered({0, 1, 2}, scores), {}) == "1");
  CHECK(accuracy(numbered({7, -1, 30}, scores), numbers) == "1");
  const auto text_labels = [&](FakeData& out) { out.utf8("y", {{"a"}, {"b"}, {"c"}}); };
  CHECK(accuracy(table_of(scores, {"a", "b", "c"}, text_labels), {}) == "1");
  CHECK(accuracy(table_of(scores, {"p", "q", "r"}, text_labels), texts) == "1");
  // A column of another type among what the scorer answers is no score.
  CHECK(accuracy(numbered({0, 1, 2}, scores).utf8("guess", {{"a"}, {"b"}, {"c"}}).with_role("score", "guess"), {}) ==
        "1");
  CHECK(accuracy(FakeData()
                     .i64("y", {0, 1})
                     .f64("p", {0.2, 0.9})
                     .utf8("guess", {{"no"}, {"yes"}})
                     .with_role("label", "y")
                     .with_role("score", "p")
                     .with_role("score", "guess"),
                 {}) == "1");

  check_refused(refusal_of(numbered({0, 1, 2}, scores), {{"classes", std::vector<Json>{"0", "1"}}}),
                ASSAY_E_INVALID_CONFIG, "3 columns of scores");
  check_refused(refusal_of(numbered({0, 1, 2}, scores), texts), ASSAY_E_INVALID_CONFIG, "no whole number");
  check_refused(refusal_of(numbered({0, 1, 2}, scores), {{"classes", std::vector<Json>{"1", "2", "1"}}}),
                ASSAY_E_INVALID_CONFIG, "named twice");
  check_refused(refusal_of(FakeData().i64("y", {0}).f64("p", {0.2}).with_role("label", "y").with_role("score", "p"),
                           texts),
                ASSAY_E_INVALID_CONFIG, "one column of scores");
  check_refused(refusal_of(table_of(scores, {"p", "q", "r"}, text_labels)), ASSAY_E_INVALID_DATA,
                "y at row 0 is none of the classes 'p', 'q', 'r'");
}

TEST_CASE("Classes: a bad row is refused by its number") {
  const auto bad = [](auto change) {
    Example example(20);
    change(example);
    return refusal_of(example.data().with_batch_rows(6));
  };
  check_refused(bad([](Example& it) { it.labels[13] = 3; }), ASSAY_E_INVALID_DATA, "y at row 13 is none");
  check_refused(bad([](Example& it) { it.labels[7] = -1; }), ASSAY_E_INVALID_DATA, "y at row 7 is none");
  check_refused(bad([](Example& it) { it.scores[19][1] = std::nan(""); }), ASSAY_E_INVALID_DATA,
                "p1 at row 19 is missing");
  check_refused(bad([](Example& it) { it.scores[6][2] = -0.1; }), ASSAY_E_INVALID_DATA,
                "p2 at row 6 is not a probability");
  check_refused(bad([](Example& it) { it.scores[8] = {0.5, 0.4, 0.0999}; }), ASSAY_E_INVALID_DATA,
                "the scores at row 8 add up to 0.9999");
  CHECK(bad([](Example& it) { it.scores[8] = {0.5, 0.4, 0.099999}; }).status == ASSAY_OK);
  const std::vector<std::vector<double>> scores = {{0.7, 0.2, 0.1}, {0.1, 0.6, 0.3}};
  check_refused(refusal_of(table_of(scores, {"a", "b", "c"},
                                    [](FakeData& out) { out.utf8("y", {{"a"}, std::nullopt}); })),
                ASSAY_E_INVALID_DATA, "y at row 1 is missing");
  check_refused(refusal_of(table_of(scores, {"a", "b", "c"},
                                    [](FakeData& out) { out.f64("y", {1, std::nan("")}); })),
                ASSAY_E_INVALID_DATA, "y at row 1 is missing");
}

TEST_CASE("Classes: states of other classes are not mixed, and hostile ones are refused") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 0}});
  const Folder folder{component, ASSAY_CAP_EVALUATOR_V1};
  const FakeData data = Example(40).data();
  const std::vector<std::vector<double>> scores = {{0.7, 0.3}, {0.1, 0.9}};
  const FakeData two = numbered({0, 1}, scores).utf8("side", {{"a"}, {"b"}}).with_role("group", "side");
  const FakeData binary = FakeData()
                              .i64("y", {0, 1})
                              .f64("p", {0.2, 0.9})
                              .utf8("side", {{"a"}, {"b"}})
                              .with_role("label", "y")
                              .with_role("score", "p")
                              .with_role("group", "side");
  for (const FakeData* other : {&two, &binary}) {
    FakeFold fold(component, ASSAY_CAP_EVALUATOR_V1, data), stranger(component, ASSAY_CAP_EVALUATOR_V1, *other);
    CHECK_THROWS_AS(fold.merge(stranger), sdk::Error);
    CHECK_THROWS_AS(stranger.merge(fold), sdk::Error);
    FakeBundle saved = stranger.save();
    CHECK_THROWS_AS(FakeFold(component, ASSAY_CAP_EVALUATOR_V1, data, FakeFold::Saved{saved}), sdk::Error);
  }
  FakeBundle wild = folder.state(data);  // its last word before the checksum is a label
  std::string& bytes = wild.entries.at(0).second;
  bytes.replace(bytes.size() - 16, 16, 8, '\xff');
  sdk::ByteWriter tail;
  tail.u64(sdk::checksum(bytes));
  bytes += tail.take();
  CHECK_THROWS_WITH(FakeFold(component, ASSAY_CAP_EVALUATOR_V1, data, FakeFold::Saved{wild}),
                    Catch::Contains("a label is no class"));
  check_hostile_states(folder, data, folder.state(data), [](FakeFold& fold, FakeBundle&) { rows_of(fold); });
}

TEST_CASE("Classes: a bootstrap stops when it is asked to") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 100000}});
  const FakeData data = Example(500).data();
  FakeFold fold(component, ASSAY_CAP_EVALUATOR_V1, data);
  fold.update(data);
  fold.call.stop_after = fold.call.polls + 40;
  try {
    rows_of(fold);
    FAIL("it ran to the end");
  } catch (const sdk::Error& error) {
    CHECK(error.status() == ASSAY_E_CANCELLED);
  }
}

TEST_CASE("Fairness: differences and ratios between groups are those counted by hand") {
  // flagged 3 of 4, 1 of 4, 0 of 2; recalls 1 (2 of 2), 1/2, none; false alarms 1/2, 0 (0 of 2), 0 of 2
  const std::vector<classification::Confusion> groups = {
      {.true_positives = 2, .false_positives = 1, .true_negatives = 1, .false_negatives = 0},
      {.true_positives = 1, .false_positives = 0, .true_negatives = 2, .false_negatives = 1},
      {.true_positives = 0, .false_positives = 0, .true_negatives = 2, .false_negatives = 0}};
  const auto two = classification::fairness({groups[0], groups[1]});
  CHECK(two.demographic_parity_difference == 0.5);
  CHECK(two.demographic_parity_ratio == Approx(1.0 / 3).epsilon(1e-15));
  CHECK(two.equal_opportunity_difference == 0.5);
  CHECK(two.equalized_odds_difference == 0.5);
  const auto three = classification::fairness(groups);
  CHECK(three.demographic_parity_difference == 0.75);
  CHECK(three.demographic_parity_ratio == 0);
  CHECK(three.equal_opportunity_difference == 0.5);  // the third has nothing to be found
  const auto without = classification::fairness({groups[1], groups[2]});
  CHECK(std::isnan(without.equal_opportunity_difference));
  CHECK(std::isnan(without.equalized_odds_difference));
  CHECK(std::isnan(classification::fairness({groups[2], groups[2]}).demographic_parity_ratio));
  classification::Confusion alarms = groups[1];
  alarms.false_positives = 8;
  CHECK(classification::fairness({groups[1], alarms}).equalized_odds_difference == 0.8);
  CHECK(classification::fairness({groups[1], alarms}).equal_opportunity_difference == 0);
}

TEST_CASE("Fairness: each group column with two values or more has its rows") {
  const FakeData data = FakeData()
                            .i64("late", {1, 1, 0, 0, 1, 1, 0, 0})
                            .f64("p", {0.9, 0.8, 0.7, 0.1, 0.9, 0.1, 0.2, 0.3})
                            .utf8("sex", {{"f"}, {"f"}, {"f"}, {"f"}, {"m"}, {"m"}, {"m"}, {"m"}})
                            .utf8("country", {8, std::optional<std::string>("AA")})
                            .boolean("old", {true, false, true, false, true, false, true, std::nullopt})
                            .with_role("label", "late")
                            .with_role("score", "p")
                            .with_role("group", "sex")
                            .with_role("group", "country")
                            .with_role("group", "old");
  const auto component = host().component("classification", {{"bootstrap_resamples", 0}});
  const std::vector<Row> rows = Folder{component, ASSAY_CAP_EVALUATOR_V1}.whole(data);
  CHECK(rows.size() == 24 * 7 + 2 * 4);
  const auto at = [&](const char* name, const char* slice) -> const Row& {
    return only(rows, {{"name", name}, {"slice", slice}});
  };
  CHECK(number(at("demographic_parity_difference", "sex"), "value") == 0.5);  // 3 of 4 and 1 of 4
  CHECK(number(at("demographic_parity_ratio", "sex"), "value") == Approx(1.0 / 3).epsilon(1e-15));
  CHECK(number(at("equal_opportunity_difference", "sex"), "value") == 0.5);
  CHECK(number(at("equalized_odds_difference", "sex"), "value") == 0.5);
  CHECK(at("demographic_parity_ratio", "sex").at("higher_is_better") == "1");
  CHECK(at("demographic_parity_difference", "sex").at("higher_is_better") == "0");
  CHECK(at("demographic_parity_difference", "sex").at("n") == "8");
  CHECK(number(at("demographic_parity_difference", "old"), "value") == 0.75);  // 3 of 4, 1 of 3, 0 of 1
}

}  // namespace assay
