// SPDX-License-Identifier: Apache-2.0
// The feature encoder: what each type becomes, that it survives storing, and what it refuses.
#include "assay/features.hpp"

#include <cmath>

#include "assay/testing.hpp"
#include "tests/support/catch.h"

namespace assay::test {

using namespace assay::sdk;
using namespace assay::sdk::testing;

namespace {

FakeData flights() {
  return FakeData()
      .f64("x", {1, {}, 3})
      .boolean("b", {true, false, {}})
      .utf8("c", {"UA", "AA", "UA"})
      .i64("y", {0, 1, 1})
      .with_role("label", "y");
}

FeatureEncoder fitted(const FakeData& data, EncoderOptions options = {}) {
  const FakeDataset raw(data);
  FakeCall call;
  const Dataset dataset(Call(&call.raw), &raw.raw);
  return FeatureEncoder(dataset, feature_columns(dataset.schema(), dataset.roles()), options);
}

std::vector<double> encoded(FeatureEncoder& encoder, const FakeData& data) {
  Answer rows;
  data.table().export_schema(&rows.raw_schema);
  data.table().export_all(&rows.raw_rows);
  rows.adopt();
  encoder.bind(rows.schema());
  std::vector<double> out;
  encoder.append(rows.rows(), out);
  return out;
}

}  // namespace

TEST_CASE("Features: numbers pass, bools are 0 and 1, text is one-hot by frequency and then name") {
  FeatureEncoder encoder = fitted(flights());
  CHECK(encoder.names() == std::vector<std::string>{"x", "b", "c=UA", "c=AA"});
  const std::vector<double> cells = encoded(encoder, flights());
  REQUIRE(cells.size() == 12);
  CHECK(cells[0] == 1);
  CHECK(std::isnan(cells[4]));
  CHECK(std::vector<double>(cells.begin() + 1, cells.begin() + 4) == std::vector<double>{1, 1, 0});
  CHECK(std::vector<double>(cells.begin() + 5, cells.begin() + 8) == std::vector<double>{0, 0, 1});
}

TEST_CASE("Features: only the most frequent values get a feature; ties go by name") {
  FakeData data = FakeData()
                      .utf8("c", {"b", "a", "d", "d", {}, "c"})
                      .i64("y", {0, 0, 0, 0, 0, 0})
                      .with_role("label", "y");
  CHECK(fitted(data, {.max_categories = 2}).names() == std::vector<std::string>{"c=d", "c=a"});
  CHECK(fitted(data, {.max_categories = 0}).width() == 0);
}

TEST_CASE("Features: standardised columns have mean 0 and deviation 1; an imputed cell is the mean") {
  FeatureEncoder encoder = fitted(flights(), {.missing = Missing::mean, .scale = Scale::standard});
  const std::vector<double> cells = encoded(encoder, flights());
  CHECK(cells[0] == -1);
  CHECK(cells[4] == 0);
  CHECK(cells[8] == 1);
}

TEST_CASE("Features: a stored encoder encodes alike, and batches do not matter") {
  FakeData data = flights();
  FeatureEncoder encoder = fitted(data, {.missing = Missing::mean, .scale = Scale::standard});
  ByteWriter out;
  encoder.save(out);
  const std::string bytes = out.take();
  ByteReader in(bytes);
  FeatureEncoder again = FeatureEncoder::load(in);
  in.end();
  CHECK(encoded(again, data) == encoded(encoder, data));
  data.with_batch_rows(1);
  ByteWriter cut;
  fitted(data, {.missing = Missing::mean, .scale = Scale::standard}).save(cut);
  CHECK(cut.take() == bytes);
}

TEST_CASE("Features: stored bytes that were cut are CORRUPT_ARTIFACT at every length") {
  ByteWriter out;
  fitted(flights()).save(out);
  const std::string bytes = out.take();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader in(std::string_view(bytes).substr(0, size));
    CHECK_THROWS_AS(FeatureEncoder::load(in), Error);
  }
}

TEST_CASE("Features: columns with a role are no features") {
  FakeData data = flights();
  data.f64("w", {1, 1, 1})
      .utf8("when", {"a", "b", "c"})
      .with_role("weight", "w")
      .with_role("timestamp", "when");
  CHECK(fitted(data).names() == std::vector<std::string>{"x", "b", "c=UA", "c=AA"});
}

TEST_CASE("Features: an absurdly large number fits a float, and stays the largest") {
  FakeData data = FakeData().f64("x", {1e300, -1e300, 1}).i64("y", {0, 1, 1}).with_role("label", "y");
  FeatureEncoder encoder = fitted(data);
  Answer rows;
  data.table().export_schema(&rows.raw_schema);
  data.table().export_all(&rows.raw_rows);
  rows.adopt();
  encoder.bind(rows.schema());
  std::vector<float> cells;
  encoder.append(rows.rows(), cells);
  CHECK(cells[0] == std::numeric_limits<float>::max());
  CHECK(cells[1] == std::numeric_limits<float>::lowest());
}

}  // namespace assay::test
