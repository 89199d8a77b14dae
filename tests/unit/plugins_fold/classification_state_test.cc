// SPDX-License-Identifier: Apache-2.0
// The evaluator as a fold: order, batches, merges, groups, bad rows and bad bytes.
#include "fold_fixture.h"

namespace assay {
namespace {

using namespace fold_test;

struct Example {
  std::vector<std::optional<double>> scores;
  std::vector<std::optional<std::int64_t>> labels;
  std::vector<std::optional<std::string>> carriers;

  explicit Example(int rows, std::uint64_t seed = 11) {
    std::mt19937_64 random(seed);
    for (int i = 0; i < rows; ++i) {
      const double score = static_cast<double>(random() % 1000) / 999;
      scores.push_back(score);
      labels.push_back(static_cast<double>(random() % 1000) / 999 < score ? 1 : 0);
      carriers.push_back(random() % 20 == 0 ? std::nullopt
                                            : std::optional<std::string>(
                                                  std::string(1, static_cast<char>('A' + random() % 3))));
    }
  }
  FakeData data() const {
    return FakeData()
        .utf8("carrier", carriers)
        .i64("late", labels)
        .f64("score", scores)
        .with_role("label", "late")
        .with_role("score", "score")
        .with_role("group", "carrier");
  }
  Example reversed() const {
    Example out = *this;
    std::reverse(out.scores.begin(), out.scores.end());
    std::reverse(out.labels.begin(), out.labels.end());
    std::reverse(out.carriers.begin(), out.carriers.end());
    return out;
  }
};

const FakeHost& host() {
  static const FakeHost it = FakeHost::load(ASSAY_CLASSIFICATION);
  return it;
}

assay_status status_of(const FakeData& data, std::string* message = nullptr) {
  const auto component = host().component("classification");
  try {
    Folder{component, ASSAY_CAP_EVALUATOR_V1}.whole(data);
    return ASSAY_OK;
  } catch (const sdk::Error& error) {
    if (message != nullptr) *message = error.what();
    return error.status();
  }
}

}  // namespace

TEST_CASE("Classification: the result does not depend on batches, merges, saves or the order of rows") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 20}});
  const Folder folder{component, ASSAY_CAP_EVALUATOR_V1};
  const Example example(1200);
  const FakeData data = example.data();
  const std::vector<Row> whole = folder.whole(data);
  CHECK(folder.whole(example.data().with_batch_rows(1)) == whole);
  CHECK(folder.whole(example.reversed().data()) == whole);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) CHECK(folder.in_pieces(data, seed) == whole);
  CHECK(folder.state(data) == folder.state(example.reversed().data()));
}

TEST_CASE("Classification: an empty state changes nothing, and no rows give no metric") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 0}});
  const Folder folder{component, ASSAY_CAP_EVALUATOR_V1};
  const FakeData data = Example(50).data(), none = Example(0).data();
  FakeFold fold(component, ASSAY_CAP_EVALUATOR_V1, data), empty(component, ASSAY_CAP_EVALUATOR_V1, data);
  empty.merge(fold);
  fold.update(data);
  fold.merge(empty);
  CHECK(rows_of(fold) == folder.whole(data));
  for (const Row& row : folder.whole(none))
    CHECK((std::isnan(number(row, "value")) || number(row, "value") == 0));
}

TEST_CASE("Classification: a slice of a group has the metrics of its rows alone") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 10}});
  const Folder folder{component, ASSAY_CAP_EVALUATOR_V1};
  const Example all(900);
  const std::vector<Row> rows = folder.whole(all.data());
  CHECK(rows.size() == 24 * 5 + 4);
  Example part(0);
  for (std::size_t i = 0; i < all.scores.size(); ++i) {
    if (all.carriers[i] != std::optional<std::string>("B")) continue;
    part.scores.push_back(all.scores[i]);
    part.labels.push_back(all.labels[i]);
    part.carriers.push_back("B");
  }
  for (const Row& row : folder.whole(part.data())) {
    if (!row.at("slice").empty()) continue;
    Row wanted = row;
    wanted["slice"] = "carrier=B";
    CHECK(only(rows, {{"name", row.at("name")}, {"slice", "carrier=B"}}) == wanted);
  }
  CHECK(only(rows, {{"name", "n"}, {"slice", "carrier=(missing)"}}).at("value") != "0");
}

TEST_CASE("Classification: a bad row is refused by its number") {
  std::string message;
  Example example(20);
  example.scores[13] = std::nan("");
  CHECK(status_of(example.data().with_batch_rows(5), &message) == ASSAY_E_INVALID_DATA);
  CHECK_THAT(message, Catch::Contains("score at row 13"));
  example = Example(20);
  example.scores[3] = std::nullopt;
  CHECK(status_of(example.data()) == ASSAY_E_INVALID_DATA);
  example = Example(20);
  example.scores[7] = 1.5;
  CHECK(status_of(example.data(), &message) == ASSAY_E_INVALID_DATA);
  CHECK_THAT(message, Catch::Contains("score at row 7 is not a probability"));
  example = Example(20);
  example.labels[19] = 2;
  CHECK(status_of(example.data(), &message) == ASSAY_E_INVALID_DATA);
  CHECK_THAT(message, Catch::Contains("late at row 19 is neither 0 nor 1"));
  example = Example(20);
  example.labels[0] = std::nullopt;
  CHECK(status_of(example.data()) == ASSAY_E_INVALID_DATA);
}

TEST_CASE("Classification: roles are asked for by name") {
  const Example example(3);
  std::string message;
  CHECK(status_of(FakeData().i64("late", example.labels).with_role("label", "late"), &message) ==
        ASSAY_E_INVALID_DATA);
  CHECK_THAT(message, Catch::Contains("score"));
  CHECK(status_of(FakeData()
                      .utf8("late", {{"no"}})
                      .f64("s", {0.5})
                      .with_role("label", "late")
                      .with_role("score", "s"),
                  &message) == ASSAY_E_INVALID_DATA);
  CHECK_THAT(message, Catch::Contains("must be a number"));
}

TEST_CASE("Classification: a column with a value a row is no group") {
  std::vector<std::optional<std::int64_t>> labels(600, 1), ids;
  for (int i = 0; i < 600; ++i) ids.push_back(i);
  std::string message;
  CHECK(status_of(FakeData()
                      .i64("late", labels)
                      .f64("score", std::vector<std::optional<double>>(600, 0.5))
                      .i64("id", ids)
                      .with_role("label", "late")
                      .with_role("score", "score")
                      .with_role("group", "id"),
                  &message) == ASSAY_E_INVALID_DATA);
  CHECK_THAT(message, Catch::Contains("group by a column with fewer values"));
}

TEST_CASE("Classification: a bootstrap stops when it is asked to") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 100000}});
  const FakeData data = Example(500).data();
  FakeFold fold(component, ASSAY_CAP_EVALUATOR_V1, data);
  fold.update(data);
  fold.call.stop_after = fold.call.polls + 3;
  try {
    rows_of(fold);
    FAIL("it ran to the end");
  } catch (const sdk::Error& error) {
    CHECK(error.status() == ASSAY_E_CANCELLED);
  }
}

TEST_CASE("Classification: hostile states are refused and never crash") {
  const auto component = host().component("classification", {{"bootstrap_resamples", 0}});
  const Folder folder{component, ASSAY_CAP_EVALUATOR_V1};
  const FakeData data = Example(40).data();
  check_hostile_states(folder, data, folder.state(data), [](FakeFold& fold, FakeBundle&) { rows_of(fold); });
}

}  // namespace assay
