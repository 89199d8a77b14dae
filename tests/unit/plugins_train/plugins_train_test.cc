// SPDX-License-Identifier: Apache-2.0
// What every first-party trainer promises, through the same edge that a host uses.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <random>

#include "tests/support/catch.h"
#include "tests/unit/plugins_train/trainers.h"

namespace assay::test {

using namespace assay::sdk;
using namespace assay::sdk::testing;

namespace {

double log_loss(const std::vector<double>& answers, const Cells& cells) {
  double sum = 0;
  for (std::size_t i = 0; i < answers.size(); ++i)
    sum -= std::log(*cells.late[i] == 1 ? answers[i] : 1 - answers[i]);
  return sum / static_cast<double>(answers.size());
}

double squared_error(const std::vector<double>& answers, const Cells& cells) {
  double sum = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) sum += std::pow(answers[i] - *cells.delay[i], 2);
  return sum / static_cast<double>(answers.size());
}

}  // namespace

TEST_CASE("Trainers: a model that is stored and loaded scores rows that it never saw") {
  const FakeData train = make_data(600, 1), holdout = make_data(300, 2);
  const Cells truth = make_cells(300, 2);
  std::vector<double> losses;
  for (const std::string& name : trainers) {
    INFO(name);
    const FakeHost host = trainer_host(name);
    const FakeComponent trainer = host.component(name, quick(name));
    FakeBundle model = trainer.fit(train);
    const std::vector<double> answers = trainer.score(model, holdout);
    REQUIRE(answers.size() == 300);
    REQUIRE(std::all_of(answers.begin(), answers.end(), [](double p) { return p > 0 && p < 1; }));
    losses.push_back(log_loss(answers, truth));
  }
  CHECK(losses[1] < 0.6 * losses[0]);
  CHECK(losses[2] < 0.8 * losses[0]);
}

TEST_CASE("Trainers: regression answers are numbers in the label's unit") {
  const FakeData train = make_data(600, 1, "delay"), holdout = make_data(300, 2, "delay");
  const Cells truth = make_cells(300, 2);
  std::vector<double> losses;
  for (const std::string& name : trainers) {
    INFO(name);
    const FakeHost host = trainer_host(name);
    const FakeComponent trainer = host.component(name, quick(name, "regression"));
    FakeBundle model = trainer.fit(train);
    losses.push_back(squared_error(trainer.score(model, holdout), truth));
  }
  CHECK(losses[1] < 0.5 * losses[0]);
  CHECK(losses[2] < 0.5 * losses[0]);
}

TEST_CASE("Trainers: the baseline answers the share of ones and the weighted mean") {
  const FakeHost host = trainer_host("baseline");
  FakeData data = Rows().i64("y", {1, 0, 0, 0}).with_role("label", "y");
  FakeBundle model = host.component("baseline").fit(data);
  CHECK(host.component("baseline").score(model, data) == std::vector<double>(4, 0.25));
  FakeData weighted =
      Rows().f64("y", {10, 20}).f64("w", {1, 3}).with_role("label", "y").with_role("weight", "w");
  const FakeComponent mean = host.component("baseline", {{"task", "regression"}});
  model = mean.fit(weighted);
  CHECK(mean.score(model, weighted) == std::vector<double>(2, 17.5));
}

TEST_CASE("Trainers: equal seeds give byte-identical models, whatever the batches and the thread budget") {
  const FakeData whole = make_data(500, 3);
  FakeData cut = whole;
  cut.with_batch_rows(7);
  for (const std::string& name : trainers) {
    INFO(name);
    Json::Object settings = quick(name);
    if (name == "gbt") settings.insert({{"subsample", 0.7}, {"colsample", 0.7}});
    const FakeHost host = trainer_host(name);
    const FakeComponent trainer = host.component(name, settings);
    const FakeBundle model = trainer.fit(whole, 42);
    CHECK(trainer.fit(whole, 42) == model);
    CHECK(trainer.fit(cut, 42) == model);
    CHECK(trainer_host(name).component(name, settings).fit(whole, 42) == model);
    FakeCall threads;
    threads.raw.seed = 42;
    threads.raw.max_threads = 4;
    CHECK(trainer.fit(whole, threads) == model);
    if (name == "gbt") CHECK_FALSE(trainer.fit(whole, 43) == model);
  }
}

TEST_CASE("Trainers: a row's score does not depend on the batch it comes in") {
  const FakeData train = make_data(400, 4);
  for (const std::string& name : trainers) {
    INFO(name);
    const FakeHost host = trainer_host(name);
    const FakeComponent trainer = host.component(name, quick(name));
    FakeBundle model = trainer.fit(train);
    const std::vector<double> whole = trainer.score(model, train);
    for (const std::int64_t rows : {1, 3, 64, 399}) {
      FakeData cut = train;
      cut.with_batch_rows(rows);
      CHECK(trainer.score(model, cut) == whole);  // the same bits: a double equals only itself
    }
  }
}

TEST_CASE("Trainers: empty cells, unseen categories and columns in another order are scored") {
  const FakeData train = make_data(400, 5);
  FakeData odd = Rows()
                     .utf8("carrier", {"AA", "never seen", {}, ""})
                     .f64("extra", {1, 2, 3, 4})
                     .boolean("weekend", {true, {}, false, {}})
                     .f64("hour", {3, 25.5, {}, {}})  // learned as i64, given as f64
                     .f64("distance", {{}, -1e300, 1e300, std::nan("")});
  for (const std::string& name : trainers) {
    INFO(name);
    const FakeHost host = trainer_host(name);
    const FakeComponent trainer = host.component(name, quick(name));
    FakeBundle model = trainer.fit(train);
    const std::vector<double> answers = trainer.score(model, odd);
    REQUIRE(answers.size() == 4);
    for (const double answer : answers) CHECK((answer >= 0 && answer <= 1));
  }
}

TEST_CASE("Trainers: no rows are scored to no answers") {
  const FakeData train = make_data(100, 5), none = make_data(0, 5);
  for (const std::string& name : trainers) {
    const FakeHost host = trainer_host(name);
    const FakeComponent trainer = host.component(name, quick(name));
    FakeBundle model = trainer.fit(train);
    CHECK(trainer.score(model, none).empty());
    CHECK(status_of([&] { trainer.fit(none); }) == ASSAY_E_INVALID_DATA);
  }
}

TEST_CASE("Trainers: a missing column is an error that names it and the nearest name") {
  const FakeData train = make_data(200, 6);
  FakeData renamed =
      Rows().f64("distanse", {1}).i64("hour", {1}).boolean("weekend", {true}).utf8("carrier", {"AA"});
  FakeData retyped =
      Rows().f64("distance", {1}).i64("hour", {1}).boolean("weekend", {true}).f64("carrier", {2});
  for (const std::string name : {"linear", "gbt"}) {
    const FakeHost host = trainer_host(name);
    const FakeComponent trainer = host.component(name, quick(name));
    FakeBundle model = trainer.fit(train);
    CHECK(status_of([&] { trainer.score(model, renamed); }) == ASSAY_E_INVALID_DATA);
    CHECK(message_of([&] { trainer.score(model, renamed); }) ==
          "column 'distance' is missing; the nearest name is 'distanse'");
    CHECK(message_of([&] { trainer.score(model, retyped); }) ==
          "column 'carrier' is f64; the model learned it as utf8");
  }
}

TEST_CASE("Trainers: a label that is not 0 or 1 is refused with its value and row") {
  const auto train = [](FakeData data, const std::string& name) {
    data.f64("x", {1, 2, 3, 4}).with_role("label", "y").with_batch_rows(2);
    const FakeHost host = trainer_host(name);
    return message_of([&] { host.component(name, quick(name)).fit(data); });
  };
  for (const std::string& name : trainers) {
    INFO(name);
    CHECK(train(Rows().f64("y", {0, 1, 2, 0}), name) ==
          "label 'y' holds 2 at row 2; it must be 0 or 1 for classification");
    CHECK(train(Rows().i64("y", {0, 1, 1, {}}), name) ==
          "label 'y' holds nothing at row 3; it must be 0 or 1 for classification");
    CHECK(train(Rows().utf8("y", {"no", "yes", "no", "no"}), name) ==
          "label 'y' holds 'no' at row 0; it must be 0 or 1 for classification");
    CHECK(train(Rows().f64("z", {0, 1, 1, 0}), name) == "column 'y' is missing; the nearest name is 'z'");
  }
}

TEST_CASE("Trainers: data that cannot be learned from is refused with the reason") {
  const auto refusal = [](const std::string& name, const FakeData& data) {
    const FakeHost host = trainer_host(name);
    return message_of([&] { host.component(name, quick(name)).fit(data); });
  };
  const double infinity = std::numeric_limits<double>::infinity();
  for (const std::string name : {"linear", "gbt"}) {
    INFO(name);
    CHECK(refusal(name, Rows().i64("y", {0, 1}).with_role("label", "y")) ==
          "training needs at least one column besides the label");
    CHECK(refusal(name, Rows().i64("y", {1, 1}).f64("x", {1, 2}).with_role("label", "y"))
              .starts_with("every label is 1"));
    CHECK(refusal(name, Rows().i64("y", {0, 1}).f64("x", {1, infinity}).with_role("label", "y")) ==
          "column 'x' is infinite at row 1; leave such a cell empty");
    CHECK(refusal(name, Rows().i64("y", {0, 1}).f64("x", {1, 2}).f64("x", {1, 2}).with_role("label", "y")) ==
          "two columns are named 'x'; rename one");
    CHECK(refusal(name, Rows().i64("y", {0, 1}).f64("x", {1, 2})) == "no column plays the role 'label'");
  }
}

TEST_CASE("Trainers: extreme but finite numbers and empty columns give finite answers") {
  FakeData data = Rows()
                      .f64("huge", {1e308, -1e308, 1e308, 5e-324, -0.0, 1})
                      .i64("integers", {INT64_MIN, INT64_MAX, 0, 1, {}, -1})
                      .f64("empty", {{}, {}, {}, {}, {}, {}})
                      .f64("constant", {7, 7, 7, 7, 7, 7})
                      .utf8("no_text", {{}, {}, {}, {}, {}, {}})
                      .i64("y", {0, 1, 0, 1, 1, 0})
                      .with_role("label", "y");
  for (const std::string& name : trainers) {
    INFO(name);
    const FakeHost host = trainer_host(name);
    const FakeComponent trainer = host.component(name, quick(name));
    FakeBundle model = trainer.fit(data);
    for (const double answer : trainer.score(model, data)) CHECK(std::isfinite(answer));
  }
}

TEST_CASE("linear: learning from numbers whose squares overflow comes to an end") {
  const std::uint64_t seed = 20261126;
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const FakeHost host = trainer_host("linear");
  const FakeComponent trainer = host.component("linear", quick("linear"));
  constexpr double largest = std::numeric_limits<double>::max();
  for (int round = 0; round < 200; ++round) {
    FakeData::Cells<double> huge, other;
    FakeData::Cells<std::int64_t> labels{0, 1};
    for (std::uint64_t rows = 2 + random() % 20; huge.size() < rows;) {
      huge.emplace_back(random() % 3 == 0 ? (random() % 2 == 0 ? largest : -largest) : static_cast<double>(random() % 7));
      other.emplace_back(random() % 4 == 0 ? 1e300 : static_cast<double>(random() % 7));
      if (labels.size() < huge.size()) labels.emplace_back(random() % 2);
    }
    const FakeData data = Rows().f64("huge", huge).f64("other", other).i64("y", labels).with_role("label", "y");
    FakeBundle model = trainer.fit(data);
    for (const double answer : trainer.score(model, data)) REQUIRE(std::isfinite(answer));
  }
}

TEST_CASE("linear: a row too far from the training rows for a sum is refused, and so are weights that are not finite") {
  const FakeHost host = trainer_host("linear");
  const FakeComponent trainer = host.component("linear", quick("linear", "regression"));
  const auto rows = [](double x, double z) {
    return Rows().f64("x", {x, 0, 1e-150}).f64("z", {z, 1e-150, 0}).f64("y", {1000, 2000, 3000}).with_role("label", "y");
  };
  FakeBundle model = trainer.fit(rows(1e-150, 2e-150));
  CHECK(status_of([&] { trainer.score(model, rows(1e300, 1e300)); }) == ASSAY_E_INVALID_DATA);
  std::string payload(unseal("assay-linear/1", model.entries[0].second));
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  std::memcpy(payload.data() + payload.size() - sizeof nothing, &nothing, sizeof nothing);  // the intercept
  model.entries[0].second = seal("assay-linear/1", payload);
  CHECK(status_of([&] { trainer.score(model, rows(0, 0)); }) == ASSAY_E_CORRUPT_ARTIFACT);
}

TEST_CASE("Trainers: settings out of range are refused although the host let them through") {
  const auto refused = [](const std::string& name, const Json::Object& settings) {
    const FakeHost host = trainer_host(name);
    return status_of([&] { host.component(name, settings); }) == ASSAY_E_INVALID_CONFIG;
  };
  for (const std::string& name : trainers) {
    CHECK(refused(name, {{"task", "ranking"}}));
    CHECK(refused(name, {{"task", 3}}));
  }
  CHECK(refused("gbt", {{"rounds", 0}}));
  CHECK(refused("gbt", {{"rounds", 1.5}}));
  CHECK(refused("gbt", {{"max_depth", 17}}));
  CHECK(refused("gbt", {{"learning_rate", "fast"}}));
  CHECK(refused("linear", {{"cost", 0}}));
  CHECK(refused("linear", {{"max_categories", -1}}));
}

TEST_CASE("gbt: the training loss of every round is reported and falls") {
  const FakeData train = make_data(400, 7), valid = make_data(200, 8);
  const FakeHost host = trainer_host("gbt");
  FakeCall call;
  call.raw.max_threads = 2;
  host.component("gbt", {{"rounds", 20}}).fit(train, call, &valid);
  std::vector<double> losses;
  std::int64_t valid_points = 0;
  for (const MetricPoint& point : call.metrics) {
    if (point.name == "train_logloss") {
      CHECK(point.step == static_cast<std::int64_t>(losses.size()));
      losses.push_back(point.value);
    }
    valid_points += point.name == "valid_logloss";
  }
  REQUIRE(losses.size() == 20);
  CHECK(valid_points == 20);
  CHECK(std::is_sorted(losses.rbegin(), losses.rend()));
}

TEST_CASE("gbt: one shallow tree is deliberately worse") {
  const FakeData train = make_data(600, 9);
  const Cells truth = make_cells(600, 9);
  const FakeHost host = trainer_host("gbt");
  const FakeComponent good = host.component("gbt", {{"rounds", 30}}),
                      poor = host.component("gbt", {{"rounds", 1}, {"max_depth", 1}});
  FakeBundle good_model = good.fit(train), poor_model = poor.fit(train);
  CHECK(log_loss(good.score(good_model, train), truth) <
        0.5 * log_loss(poor.score(poor_model, train), truth));
}

TEST_CASE("Trainers: a stop is answered with CANCELLED, and the component trains again afterwards") {
  FakeData train = make_data(300, 10);
  train.with_batch_rows(50);
  for (const std::string& name : trainers) {
    INFO(name);
    const FakeHost host = trainer_host(name);
    const FakeComponent trainer = host.component(name, quick(name));
    for (const std::int64_t polls : {0, 1, 3}) {
      FakeCall call;
      call.stop_after = polls;
      CHECK(status_of([&] { trainer.fit(train, call); }) == ASSAY_E_CANCELLED);
      CHECK(call.failures == 1);
    }
    CHECK(status_of([&] { trainer.fit(train); }) == ASSAY_OK);
  }
}

TEST_CASE("gbt: no thread outlives the training") {
  const auto threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  const FakeHost host = trainer_host("gbt");
  const FakeData train = make_data(500, 12);
  const auto before = threads();
  FakeCall call;
  call.raw.max_threads = 4;
  FakeBundle model = host.component("gbt", quick("gbt")).fit(train, call);
  host.component("gbt", quick("gbt")).score(model, train);
  CHECK(threads() == before);
}

TEST_CASE("Trainers: reads and writes that come in pieces change nothing") {
  const FakeData train = make_data(200, 11);
  for (const std::string& name : trainers) {
    const FakeHost host = trainer_host(name);
    const FakeComponent trainer = host.component(name, quick(name));
    FakeBundle model = trainer.fit(train);
    const std::vector<double> answers = trainer.score(model, train);
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{1} << 30}) {
      model.step_bytes = step;
      CHECK(trainer.score(model, train) == answers);
    }
  }
}

}  // namespace assay::test
