// SPDX-License-Identifier: Apache-2.0
// A plugin of the SDK's first minor, built with that minor's headers alone (tests/golden/abi/1.0), in today's hosts.
#include "registry/plugin_host/check/check.h"
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

// Trains on ten rows and scores them; the plugin answers how many it has learned from, and `plus`.
std::vector<double> scores_of(WorkerPlugins& host) {
  const Opened released = choose(host, "released", "released", R"({"plus":0.25})");
  const RowSet ten = rows("x,y\n1,0\n2,1\n3,0\n4,1\n5,0\n6,1\n7,0\n8,1\n9,0\n10,1\n", {{"label", "y"}});
  Listener nobody;
  MemoryBundle model;
  host.trainer(released.info, "released", released.config)->fit(ten, nullptr, nullptr, model, {}, nobody);
  const auto scorer = host.scorer(released.info, "released", released.config);
  scorer->load(std::make_shared<MemoryBundle>(model), {}, nobody);
  scorer->bind(ten.table->schema(), {}, nobody);
  const TablePtr scored = scorer->score(ten.table, {}, nobody);
  std::vector<double> out;
  for (std::int64_t row = 0; row < scored->rows(); ++row) out.push_back(scored->columns()[0].f64(row));
  return out;
}

TEST_CASE("Released: a plugin of the first minor trains and scores in a worker and in-process") {
  WorkerPlugins isolated = plugins();
  CHECK(scores_of(isolated) == std::vector<double>(10, 10.25));
  WorkerPlugins here({.worker = "/no/such/worker",
                      .directories = {test_plugin("released").parent_path()},
                      .registry = {},
                      .trusted = {Digest::of(read_text(test_plugin("released")))}});
  CHECK(scores_of(here) == std::vector<double>(10, 10.25));
}

TEST_CASE("Released: a plugin of the first minor keeps the basic rules") {
  for (const CheckResult& each :
       check_plugin(test_plugin("released"), worker(), {.level = CheckLevel::basic}).results) {
    INFO(each.rule->id << ": " << each.found);
    CHECK(each.verdict == CheckVerdict::pass);
  }
}

}  // namespace
}  // namespace assay::test
