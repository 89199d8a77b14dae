// SPDX-License-Identifier: Apache-2.0
#include "registry/compute/bundle.h"

#include "tests/support/catch.h"
#include "tests/unit/compute/errors.h"

namespace assay::test {
namespace {

BundleInfo sample() {
  BundleInfo info{.plugin = {"gbt", "1.0.0", Digest::of("library"), "gbt"},
                  .config = {R"({"depth":3})", Digest::of(R"({"depth":3})")}};
  info.seed = 7;
  info.label = "late";
  info.columns = {{"dep_hour", ColumnType::i64},
                  {"temp", ColumnType::f64},
                  {"origin", ColumnType::utf8},
                  {"rain", ColumnType::boolean}};
  info.data_digest = Digest::of("data");
  info.data_rows = 100;
  return info;
}

TEST_CASE("Bundle: what is written reads back, and equal bundles have equal bytes") {
  const std::string text = format_bundle(sample());
  CHECK(text.starts_with(R"({"bundle_version":1,"columns":[{"name":"dep_hour","type":"i64"})"));
  const BundleInfo back = parse_bundle(text, "default/churn@1");
  CHECK(format_bundle(back) == text);
  CHECK(back.plugin == sample().plugin);
  CHECK(back.columns == sample().columns);
  CHECK(back.data_digest == sample().data_digest);
}

TEST_CASE("Bundle: a damaged one is corrupt and names the version; a newer one is unsupported") {
  std::string text = format_bundle(sample());
  const Error damaged = error_of([&] { parse_bundle(text.substr(1), "default/churn@1"); });
  CHECK(damaged.code() == Code::corrupt);
  CHECK(contains(damaged.message(), "read assay.json of default/churn@1"));
  text.replace(text.find(":1"), 2, ":2");
  CHECK(error_of([&] { parse_bundle(text, "default/churn@1"); }).code() == Code::unsupported);
}

TEST_CASE("Bundle: entries in memory read in any pieces") {
  MemoryBundle bundle;
  bundle.put("a", "text/plain", "hello");
  std::array<std::byte, 3> part{};
  CHECK(bundle.read("a", 0, part) == 3);
  CHECK(bundle.read("a", 3, part) == 2);
  CHECK(bundle.read("a", 5, part) == 0);
  CHECK(bundle.read("a", 99, part) == 0);
  CHECK(error_of([&] { bundle.read("b", 0, part); }).code() == Code::not_found);
}

}  // namespace
}  // namespace assay::test
