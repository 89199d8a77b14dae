// SPDX-License-Identifier: Apache-2.0
#include "registry/service/savings.h"

#include <nlohmann/json.hpp>

#include "registry/service/delete_version.h"
#include "tests/unit/service/registry.h"

using namespace assay;
using namespace assay::test;

namespace {

// Savings of a store that is told them.
class SetSavings final : public Maintenance {
 public:
  explicit SetSavings(const Savings& savings) : savings_(savings) {}
  GcReport collect_garbage(const GcRequest&) override { return {}; }
  ScrubReport scrub(const ScrubRequest&) override {
    return {.cursor = {}, .problems = {}, .damaged_blobs = {}};
  }
  Explanation explain(const Digest& digest) const override {
    return {.digest = digest, .places = {}, .needed_by = {}};
  }
  Savings savings(const std::vector<Digest>&) const override { return savings_; }

 private:
  const Savings savings_;
};

std::uint64_t accounted(const SpaceUse& use) {
  return use.stored + use.by_dedup + use.by_delta + use.by_compression;
}

}  // namespace

TEST_CASE("Savings: the same file in two versions is saved once, and all bytes are accounted for") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", std::string(100, 'x'));
  registry.push(registry.ann, "acme/churn", std::string(100, 'x'));
  registry.push(registry.ann, "acme/churn", std::string(50, 'y'));
  const SavingsReport report =
      savings_of(registry.services, registry.ann, Kind::model, Name::parse("acme/churn"));
  CHECK(report.total.versions == 3);
  CHECK(report.total.raw == 250);
  CHECK(report.total.stored == 150);
  CHECK(report.total.by_dedup == 100);
  CHECK(accounted(report.total) == report.total.raw);
}

TEST_CASE("Savings: what two artifacts share counts once in all") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", std::string(100, 'x'));
  registry.push(registry.ann, "acme/other", std::string(100, 'x'));
  const SavingsReport report = savings(registry.services, registry.ann, 10);
  CHECK(report.total.raw == 200);
  CHECK(report.total.stored == 100);
  REQUIRE(report.artifacts.size() == 2);
  CHECK(report.artifacts[0].use.stored == 100);
  CHECK(report.artifacts[1].use.stored == 100);
}

TEST_CASE(
    "Savings: the largest artifacts come first, as many as were asked for, and deleted versions count "
    "nothing") {
  Registry registry;
  registry.push(registry.ann, "acme/small", "1");
  registry.push(registry.ann, "acme/large", "12345");
  registry.push(registry.ann, "acme/middle", "123");
  registry.push(registry.ann, "acme/gone", "1234567");
  delete_version(registry.services, registry.admin, Kind::model, Name::parse("acme/gone"), Selector(1));
  const SavingsReport report = savings(registry.services, registry.ann, 2);
  REQUIRE(report.artifacts.size() == 2);
  CHECK(report.artifacts[0].name.name() == "large");
  CHECK(report.artifacts[1].name.name() == "middle");
  CHECK(report.total.raw == 9);
}

TEST_CASE("Savings: nobody is told of what they may not read") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", "mine");
  registry.push(registry.eve, "rival/churn", "theirs");
  const SavingsReport report = savings(registry.services, registry.eve, 10);
  REQUIRE(report.artifacts.size() == 1);
  CHECK(report.artifacts[0].name.text() == "rival/churn");
  CHECK(report.total.raw == 6);
  CHECK(code_of([&] {
          savings_of(registry.services, registry.eve, Kind::model, Name::parse("acme/churn"));
        }) == Code::denied);
}

TEST_CASE("Savings: deltas and compression are the store's word") {
  Registry registry;
  registry.push(registry.ann, "acme/churn", std::string(1000, 'x'));
  SetSavings store(
      {.blobs = 1, .raw = 1000, .stored = 300, .by_dedup = 200, .by_delta = 400, .by_compression = 100});
  registry.services.maintenance = &store;
  const nlohmann::json json = savings(registry.services, registry.ann, 1);
  CHECK(json["total"] == nlohmann::json({{"versions", 1},
                                         {"raw_bytes", 1000},
                                         {"stored_bytes", 300},
                                         {"saved_by_dedup", 200},
                                         {"saved_by_delta", 400},
                                         {"saved_by_compression", 100}}));
  CHECK(json["artifacts"][0]["name"] == "churn");
}

TEST_CASE("Savings: an empty registry and an unknown artifact") {
  Registry registry;
  const SavingsReport report = savings(registry.services, registry.admin, 10);
  CHECK(report.total.raw == 0);
  CHECK(report.artifacts.empty());
  CHECK(code_of([&] {
          savings_of(registry.services, registry.ann, Kind::model, Name::parse("acme/none"));
        }) == Code::not_found);
}
