// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

MemoryBundle fit(const RowSet& train, std::uint64_t seed = 7, const RowSet* valid = nullptr,
                 const BundleSource* warm_start = nullptr, Progress* progress = nullptr) {
  WorkerPlugins host = plugins();
  const Opened probe = choose(host, "probe", "learner", "{}");
  MemoryBundle model;
  Listener nobody;
  CallOptions options;
  options.seed = seed;
  host.trainer(probe.info, "learner", probe.config)
      ->fit(train, valid, warm_start, model, options, progress == nullptr ? nobody : *progress);
  return model;
}

double weight(const MemoryBundle& model) {
  double value = 0;
  model.read("weights", 0, std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

const std::string kRows = "a,b,name,flag,y\n1,0.5,x,true,1\n,2.5,\"y\",false,0\n3,,,,1\n";

TEST_CASE("Trainer: reads every type and null, and its entries reach the sink") {
  Listener listener;
  const MemoryBundle model = fit(rows(kRows, {{"label", "y"}}), 7, nullptr, nullptr, &listener);
  // 1 + 0.5 + true, 2.5 + false, 3.
  CHECK(weight(model) == Approx((2.5 + 2.5 + 3) / 3));
  CHECK(model.all().at("weights").media_type == "application/x-f64");
  CHECK(model.all().at("notes/readme.txt").bytes == "seed 7, validation rows 0");
  CHECK(model.all().at("empty").bytes.empty());
  CHECK(model.all().size() == 3);
}

TEST_CASE("Trainer: metrics, log and progress reach the listener") {
  Listener listener;
  const RowSet data = rows(kRows, {{"label", "y"}});
  fit(data, 9, nullptr, nullptr, &listener);
  REQUIRE(listener.metrics.size() == 3);
  CHECK(listener.metrics[0] == RunMetric{"sum", 0, 8.0});
  CHECK(listener.metrics[1] == RunMetric{"seed", 1, 9.0});
  CHECK(std::isnan(*listener.metrics[2].value));
  REQUIRE(listener.logs.size() == 1);
  CHECK(listener.logs[0] == "learned from 3 rows of " + data.digest->text());
  CHECK(listener.furthest == 0.5);
}

TEST_CASE("Trainer: how rows are cut into batches does not matter") {
  std::string csv = "a,b,name,y\n";
  for (int i = 0; i < 1000; ++i)
    csv += (i % 7 == 0 ? "" : std::to_string(i)) + ",0.25,n" + std::to_string(i % 13) + "," +
           std::to_string(i % 2) + "\n";
  const double whole = weight(fit(rows(csv, {{"label", "y"}})));
  for (const std::int64_t batch_rows : {1, 3, 8, 9, 64, 999, 1000, 1001})
    CHECK(weight(fit(rows(csv, {{"label", "y"}}, batch_rows))) == whole);
}

TEST_CASE("Trainer: validation rows and a warm start are lent") {
  const RowSet train = rows(kRows, {{"label", "y"}}), valid = rows("y\n1\n", {{"label", "y"}});
  const MemoryBundle first = fit(train);
  const MemoryBundle second = fit(train, 1, &valid, &first);
  CHECK(second.all().at("notes/readme.txt").bytes == "seed 1, validation rows 1");
  CHECK(weight(second) == Approx(2 * weight(first)));
}

TEST_CASE("Trainer: the largest seed arrives whole") {
  const MemoryBundle model = fit(rows(kRows, {{"label", "y"}}), (std::uint64_t{1} << 53) - 1);
  CHECK(model.all().at("notes/readme.txt").bytes == "seed 9007199254740991, validation rows 0");
}

TEST_CASE("Trainer: a large entry survives the small frames that carry it") {
  MemoryBundle large;
  std::string bytes(3'000'001, 'z');
  bytes[0] = '\0';
  large.put("weights", "", std::string(8, '\0') + bytes.substr(0, 2'999'992));
  // Read back as a warm start: 8 bytes of zero make the start zero.
  CHECK(weight(fit(rows(kRows, {{"label", "y"}}), 7, nullptr, &large)) == Approx(8.0 / 3));
}

}  // namespace
}  // namespace assay::test
