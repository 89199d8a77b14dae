// SPDX-License-Identifier: Apache-2.0
// Folds through the binary edge: references, merging, storing, and the fixed result tables.
#include <cmath>

#include "assay/testing.hpp"
#include "tests/support/catch.h"

namespace assay::test {

using namespace assay::sdk;
using namespace assay::sdk::testing;

TEST_CASE("Fold edge: begin against a reference, merge, save and restore give what one pass gives") {
  const FakeHost host(&assay_plugin_open_v1);
  const FakeComponent component = host.component("counter");
  FakeData data = FakeData().f64("x", {1, 2, 3, 4, 5}).with_batch_rows(2);

  FakeFold reference(component, ASSAY_CAP_DRIFT_V1, data);
  reference.update(data);
  FakeBundle saved = reference.save();

  FakeFold left(component, ASSAY_CAP_DRIFT_V1, data, &saved),
      right(component, ASSAY_CAP_DRIFT_V1, data, &saved);
  left.update(data, 0, 2);
  right.update(data, 2, 3);
  FakeBundle stored = left.save();
  FakeFold again(component, ASSAY_CAP_DRIFT_V1, data, FakeFold::Saved{stored});
  again.merge(right);

  FakeBundle extras;
  const auto answer = again.finish(&extras);
  const Batch table = answer->rows();
  REQUIRE(table.rows() == 1);
  CHECK(table.column("value").number(0) == 5);
  CHECK_FALSE(table.column("drifted").boolean(0));
  CHECK(table.column("p_value").is_null(0));
  CHECK(table.column("n_ref").i64()[0] == 5);
  CHECK(extras.entries.size() == 1);
}

TEST_CASE("Fold edge: a failed update leaves the state usable, a broken state does not restore") {
  const FakeHost host(&assay_plugin_open_v1);
  const FakeComponent component = host.component("counter");
  const FakeData thirteen = FakeData().f64("x", std::vector<std::optional<double>>(13, 1.0));
  FakeFold fold(component, ASSAY_CAP_DRIFT_V1, thirteen);
  CHECK_THROWS_AS(fold.update(thirteen), Error);
  fold.update(thirteen, 0, 12);
  CHECK(fold.finish()->rows().column("value").number(0) == 12);
  FakeBundle broken;
  broken.entries = {{"n", "123"}};
  const auto restore = [&] { FakeFold(component, ASSAY_CAP_DRIFT_V1, thirteen, FakeFold::Saved{broken}); };
  CHECK_THROWS_AS(restore(), Error);
  const auto nameless = [&] { FakeFold(component, ASSAY_CAP_DRIFT_V1, FakeData().f64("y", {1})); };
  CHECK_THROWS_AS(nameless(), Error);
}

TEST_CASE("Fold edge: the three result tables have the columns of the contract") {
  const auto names = [](const Table& table) {
    std::string out;
    for (const Field& field : table.schema())
      out += field.name + ":" + std::string(type_name(field.type)) +
             (field.nulls == Nulls::allowed ? "? " : " ");
    return out;
  };
  const std::vector<Metric> metrics(1);
  const std::vector<Drift> drifts(1);
  const std::vector<Finding> findings(1);
  CHECK(names(to_table(metrics)) ==
        "name:utf8 value:f64 ci_low:f64? ci_high:f64? slice:utf8 n:i64 higher_is_better:bool ");
  CHECK(names(to_table(drifts)) ==
        "column:utf8 statistic:utf8 value:f64 p_value:f64? threshold:f64 drifted:bool n_ref:i64 n_cur:i64 ");
  CHECK(names(to_table(findings)) ==
        "severity:utf8 rule:utf8 column:utf8 row_count:i64 sample_rows:list<i64> message:utf8 ");
}

TEST_CASE("Fold edge: findings carry their rows and severities") {
  std::vector<Finding> findings;
  findings.push_back({Severity::error, "missing", "x", 2, {3, 9}, "two cells are empty"});
  findings.push_back({Severity::info, "rows", "", 0, {}, ""});
  Answer answer;
  const Table table = to_table(findings);
  table.export_schema(&answer.raw_schema);
  table.export_all(&answer.raw_rows);
  answer.adopt();
  CHECK(answer.rows().column("severity").text(0) == "error");
  CHECK(answer.rows().column("severity").text(1) == "info");
  CHECK(answer.rows().column("sample_rows").list(0)[1] == 9);
  CHECK(answer.rows().column("sample_rows").list(1).empty());
}

}  // namespace assay::test
