// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.h"
#include "tests/unit/plugin_host/support.h"

namespace assay::test {
namespace {

std::shared_ptr<const BundleSource> model_of(double mean) {
  auto model = std::make_shared<MemoryBundle>();
  model->put("weights", "", std::string(reinterpret_cast<const char*>(&mean), sizeof mean));
  return model;
}

struct Loaded {
  WorkerPlugins host = plugins();
  std::unique_ptr<Scorer> scorer;
  TableSchema output;
  Listener nobody;

  Loaded(double mean, const TableSchema& input, const std::string& config = "{}") {
    const Opened probe = choose(host, "probe", "learner", config);
    scorer = host.scorer(probe.info, "learner", probe.config);
    scorer->load(model_of(mean), {}, nobody);
    output = scorer->bind(input, {}, nobody);
  }
};

TEST_CASE("Scorer: answers one row for each, in every type") {
  const RowSet data = rows("a,b,t\n1,0.5,x\n,-2,y\n3,4,\n");
  Loaded loaded(0.25, data.table->schema());
  CHECK(loaded.output == TableSchema{{"prediction", ColumnType::f64},
                                     {"kind", ColumnType::utf8},
                                     {"sure", ColumnType::boolean},
                                     {"rank", ColumnType::i64}});
  const TablePtr scored = loaded.scorer->score(data.table, {}, loaded.nobody);
  CHECK(write_csv(*scored) ==
        "prediction,kind,sure,rank\n1.75,söme,true,1\n-1.75,\"\",false,-2\n7.25,söme,true,7\n");
}

TEST_CASE("Scorer: stays warm over many calls, and each row scores as it does alone") {
  const RowSet data = rows("a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  Loaded loaded(0.1, data.table->schema());
  const TablePtr whole = loaded.scorer->score(data.table, {}, loaded.nobody);
  for (std::int64_t row = 0; row < data.table->rows(); ++row) {
    const TablePtr one = read_csv("a\n" + std::to_string(data.table->columns()[0].i64(row)) + "\n");
    CHECK(loaded.scorer->score(one, {}, loaded.nobody)->columns()[0].f64(0) == whole->columns()[0].f64(row));
  }
}

TEST_CASE("Scorer: no rows in, no rows out") {
  Loaded loaded(1, {{"a", ColumnType::f64}});
  CHECK(loaded.scorer->score(read_csv("a\n"), {}, loaded.nobody)->rows() == 0);
}

TEST_CASE("Scorer: more rows than one batch holds come back in order") {
  std::string csv = "a\n";
  for (int i = 0; i < 70'000; ++i) csv += std::to_string(i) + '\n';
  const TablePtr table = read_csv(csv);
  Loaded loaded(0.5, table->schema());
  const TablePtr scored = loaded.scorer->score(table, {}, loaded.nobody);
  REQUIRE(scored->rows() == 70'000);
  for (const std::int64_t row : {0, 65'535, 65'536, 69'999})
    CHECK(scored->columns()[0].f64(row) == static_cast<double>(row) + 0.5);
}

TEST_CASE("Scorer: a NaN prediction is an error that names the row") {
  Loaded loaded(-1, {{"a", ColumnType::i64}});
  const Error error = error_of([&] { loaded.scorer->score(read_csv("a\n1\n"), {}, loaded.nobody); });
  CHECK(error.code() == Code::internal);
  CHECK(contains(error.message(), "row 1 is nan"));
}

TEST_CASE("Scorer: a stored model without its entry is refused in the plugin's words") {
  WorkerPlugins host = plugins();
  const Opened probe = choose(host, "probe", "learner", "{}");
  const auto scorer = host.scorer(probe.info, "learner", probe.config);
  Listener nobody;
  const Error error = error_of([&] { scorer->load(std::make_shared<MemoryBundle>(), {}, nobody); });
  CHECK(error.code() == Code::corrupt);
  CHECK(contains(error.message(), "load a model with plugin probe 1.2.3: entry 'weights' is missing"));
}

}  // namespace
}  // namespace assay::test
