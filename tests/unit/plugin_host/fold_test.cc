// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

struct Counting {
  WorkerPlugins host = plugins();
  Opened probe = choose(host, "probe", "counter", "{}");
  std::unique_ptr<Fold> fold = host.fold(probe.info, "counter", kEvaluator, probe.config);
  Listener listener;

  std::unique_ptr<FoldState> begin(const RowSet& data, const BundleSource* reference = nullptr) {
    return fold->begin(data.table->schema(), data.roles, reference, {}, listener);
  }
  std::vector<MetricRow> finish(FoldState& state) {
    return std::get<std::vector<MetricRow>>(state.finish(nullptr, {}, listener));
  }
};

const std::string kRows = "a,s\n1,x\n2,y\n3,\n4,z\n5,x\n6,y\n7,z\n8,x\n9,y\n10,z\n";

TEST_CASE("Fold: the result table becomes rows; numbers that are not finite are none") {
  Counting counting;
  const RowSet data = rows(kRows, {{"score", "a"}});
  const auto state = counting.begin(data);
  state->update(data, {}, counting.listener);
  const auto result = counting.finish(*state);
  REQUIRE(result.size() == 3);
  CHECK(result[0] == MetricRow{"rows", 10.0, std::nullopt, std::nullopt, "", 10, true});
  CHECK(result[1] == MetricRow{"sum", 55.0, 0.0, std::nullopt, "a", 10, false});
  CHECK(counting.listener.furthest == 1.0);
}

TEST_CASE("Fold: how rows are cut into batches does not matter") {
  Counting counting;
  for (const std::int64_t batch_rows : {1, 2, 3, 7, 8, 9, 10, 100}) {
    const RowSet data = rows(kRows, {}, batch_rows);
    const auto state = counting.begin(data);
    state->update(data, {}, counting.listener);
    CHECK(counting.finish(*state)[1].value == 55.0);
  }
}

TEST_CASE("Fold: states merge, save, restore and serve as a reference") {
  Counting counting;
  const RowSet data = rows(kRows);
  const auto first = counting.begin(data), second = counting.begin(data);
  first->update(data, {}, counting.listener);
  second->update(data, {}, counting.listener);
  first->merge(*second, {}, counting.listener);
  CHECK(counting.finish(*first)[0].value == 20.0);
  CHECK(counting.finish(*second)[0].value == 10.0);

  MemoryBundle saved;
  first->save(saved, {}, counting.listener);
  const auto restored = counting.fold->restore(data.table->schema(), {}, saved, {}, counting.listener);
  restored->update(data, {}, counting.listener);
  CHECK(counting.finish(*restored)[1].value == 165.0);
  const auto compared = counting.begin(data, &saved);
  CHECK(counting.finish(*compared)[2].value == 20.0);
}

TEST_CASE("Fold: extras leave through their sink") {
  Counting counting;
  const auto state = counting.begin(rows(kRows));
  MemoryBundle extras;
  state->finish(&extras, {}, counting.listener);
  CHECK(extras.all().at("curve.csv").bytes == "x,y\n");
}

TEST_CASE("Fold: findings and drift rows keep all their columns") {
  WorkerPlugins host = plugins();
  const Opened probe = choose(host, "probe", "judge", "{}");
  Listener nobody;
  const auto judge = host.fold(probe.info, "judge", kValidator, probe.config);
  const auto findings = std::get<std::vector<FindingRow>>(
      judge->begin({{"a", ColumnType::f64}}, {}, nullptr, {}, nobody)->finish(nullptr, {}, nobody));
  REQUIRE(findings.size() == 2);
  CHECK(findings[0] == FindingRow{Severity::error, "range", "age", 2, {3, 5}, "too old"});
  CHECK(findings[1] == FindingRow{Severity::info, "seen", "", 0, {}, ""});

  const auto watcher = host.fold(probe.info, "watcher", kDrift, probe.config);
  const auto drifts = std::get<std::vector<DriftRow>>(
      watcher->begin({{"a", ColumnType::f64}}, {}, nullptr, {}, nobody)->finish(nullptr, {}, nobody));
  REQUIRE(drifts.size() == 1);
  CHECK(drifts[0] == DriftRow{"age", "psi", 0.3, std::nullopt, 0.2, true, 10, 5});
}

}  // namespace
}  // namespace assay::test
