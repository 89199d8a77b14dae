// SPDX-License-Identifier: Apache-2.0
// One binary, two homes: a plugin gives the same bytes in a worker as in this very process under the SDK's
// own test host.
#include "assay/testing.hpp"
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

TEST_CASE("Worker: learns and scores exactly what the plugin does in-process") {
  const sdk::testing::FakeHost here = sdk::testing::FakeHost::load(test_plugin("probe").string());
  sdk::testing::FakeData data;
  data.f64("a", {0.1, 0.2, std::nullopt, 1e300, -7.25})
      .i64("b", {1, std::nullopt, 3, 4, 5})
      .utf8("c", {"x", "", std::nullopt, "ü", "y"})
      .boolean("d", {true, false, std::nullopt, true, true})
      .i64("y", {0, 1, 0, 1, 1})
      .with_role("label", "y");
  const auto component = here.component("learner");
  sdk::testing::FakeBundle in_process = component.fit(data, 7);
  const std::vector<double> expected = component.score(in_process, data);

  const RowSet rows = {
      .table = read_csv("a,b,c,d,y\n0.1,1,x,true,0\n0.2,,\"\",false,1\n,3,,,0\n1e300,4,ü,true,1\n"
                        "-7.25,5,y,true,1\n"),
      .roles = {{"label", "y"}},
      .digest = std::nullopt};
  WorkerPlugins host = plugins();
  const Opened probe = choose(host, "probe", "learner", "{}");
  MemoryBundle in_worker;
  Listener nobody;
  CallOptions options;
  options.seed = 7;
  host.trainer(probe.info, "learner", probe.config)->fit(rows, nullptr, nullptr, in_worker, options, nobody);
  REQUIRE(in_worker.all().size() == in_process.entries.size());
  for (const auto& [name, bytes] : in_process.entries) CHECK(in_worker.all().at(name).bytes == bytes);

  const auto scorer = host.scorer(probe.info, "learner", probe.config);
  scorer->load(std::make_shared<MemoryBundle>(in_worker), options, nobody);
  scorer->bind(rows.table->schema(), options, nobody);
  const TablePtr scored = scorer->score(rows.table, options, nobody);
  for (std::size_t row = 0; row < expected.size(); ++row)
    CHECK(scored->columns()[0].f64(static_cast<std::int64_t>(row)) == expected[row]);
}

}  // namespace
}  // namespace assay::test
