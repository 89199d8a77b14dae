// SPDX-License-Identifier: Apache-2.0
// What a search finds, for whom, and in which order.
#include <nlohmann/json.hpp>

#include "registry/service/delete_version.h"
#include "tests/support/catch.h"
#include "tests/unit/search/search_world.h"

using namespace assay;
using namespace assay::test;
using Catch::Matchers::Contains;
using nlohmann::json;

namespace {

using References = std::vector<std::string>;

References of_churn(const std::vector<int>& numbers) {
  References out;
  for (const int number : numbers) out.push_back("default/churn@" + std::to_string(number));
  return out;
}

// Everything that `request` finds, page by page.
References by_pages(SearchWorld& world, const SearchRequest& request, int limit) {
  References out;
  PageRequest page{{}, limit};
  do {
    const Page<FoundVersion> some = world.page(world.admin, request, page);
    CHECK(some.items.size() <= static_cast<std::size_t>(limit));
    for (const FoundVersion& version : some.items) out.push_back(version.reference());
    page.cursor = some.next_cursor;
  } while (page.cursor);
  return out;
}

// Fails as a reader does that ran out of time.
class LateDatabase final : public Database {
 public:
  void migrate() override {}
  std::uint64_t commits() const override { return 0; }

 private:
  void run_read(const std::function<void(Snapshot&)>&) override {
    throw Error(Code::deadline, "Reading the catalogue failed: interrupted");
  }
  void run_write(const std::function<void(Transaction&)>&) override {}
};

}  // namespace

TEST_CASE("Search: a metric is what the newest evaluation says that has it, over all rows") {
  SearchWorld world;
  const Version one = world.publish({.contents = "one"});
  world.measure(one, "roc_auc", 0.7);
  world.measure(one, "roc_auc", 0.9);
  world.measure(one, "latency", 3);
  world.measure(world.admin, one, {metric("recall", 0.2, true, "sex=f")});
  CHECK(world.find("metrics.roc_auc > 0.8") == of_churn({1}));
  CHECK(world.find("metrics.roc_auc < 0.8").empty());
  CHECK(world.find("metrics.latency = 3") == of_churn({1}));
  CHECK(world.find("metrics.recall IS NOT NULL").empty());

  json sliced = evaluation(one.digest, world.data.digest, {metric("roc_auc", 0.1)});
  sliced["slice"] = "region=EU";
  world.report(sliced);
  CHECK(world.find("metrics.roc_auc = 0.9") == of_churn({1}));
}

TEST_CASE("Search: what is not a number meets no comparison, and hides what was measured before") {
  SearchWorld world;
  const Version one = world.publish({.contents = "one"});
  world.measure(one, "roc_auc", 0.9);
  world.measure(one, "roc_auc", json());
  for (const char* query : {"metrics.roc_auc > 0", "metrics.roc_auc <= 0", "metrics.roc_auc != 0.9", "metrics.roc_auc = 0.9",
                            "metrics.roc_auc NOT IN (1)", "metrics.roc_auc IS NOT NULL"})
    CHECK(world.find(query + std::string(" AND kind = model")).empty());
  CHECK(world.find("metrics.roc_auc IS NULL AND kind = model") == of_churn({1}));
  CHECK(world.find("NOT metrics.roc_auc > 0 AND kind = model") == of_churn({1}));
}

TEST_CASE("Search: a comparison with what is absent is false, and NOT turns that around") {
  SearchWorld world;
  world.publish({.contents = "one", .labels = {{"team", "risk"}}});
  world.publish({.contents = "two", .labels = {{"team", "ads"}}});
  world.publish({.contents = "three"});
  CHECK(world.find("labels.team != 'risk'") == of_churn({2}));
  CHECK(world.find("labels.team NOT IN ('risk')") == of_churn({2}));
  CHECK(world.find("labels.team NOT LIKE 'r%'") == of_churn({2}));
  CHECK(world.find("NOT labels.team = 'risk' AND kind = model") == of_churn({3, 2}));
  CHECK(world.find("labels.team IS NULL AND kind = model") == of_churn({3}));
}

TEST_CASE("Search: stages are those of now, and a version may have several") {
  SearchWorld world;
  const Version one = world.publish({.contents = "one"});
  const Version two = world.publish({.contents = "two"});
  world.promote(one, "production");
  world.promote(one, "staging");
  CHECK(world.find("stage = Production AND stage = staging") == of_churn({1}));
  CHECK(world.find("stage != production").empty());
  CHECK(world.find("NOT stage = production AND kind = model") == of_churn({2}));
  world.promote(two, "production");
  CHECK(world.find("stage = production") == of_churn({2}));
  CHECK(world.find("stage != production") == of_churn({1}));
}

TEST_CASE("Search: settings and plugin are those of the training that made the version") {
  SearchWorld world;
  const Id run = world.run({{"max_depth", 6}, {"booster", "dart"}, {"fast", true}, {"note", "6"}, {"deep", {{"x", 1}}},
                            {"long", std::string(2000, 'x')}, {"nothing", json()}});
  world.publish({.contents = "one", .run = run});
  world.publish({.contents = "two", .run = world.run(world.admin, {{"max_depth", 4}}, "linear", "score")});
  for (const char* query :
       {"params.max_depth = 6", "params.max_depth IN (4, 6)", "params.booster LIKE 'da%'", "params.fast = true",
        "params.max_depth > 5.5", "params.note = '6'", "plugin = gbt", "params.booster IN (4, 'dart')",
        "params.long IS NULL AND params.nothing IS NULL AND params.deep IS NULL AND plugin = gbt"})
    CHECK(world.find(query) == of_churn({1}));
  CHECK(world.find("params.note = 6").empty());
  CHECK(world.find("params.max_depth = 4").empty());
  CHECK(world.find("plugin = linear") == of_churn({2}));
  const auto found = world.page(world.admin, {.query = "params.max_depth = 6 OR params.fast = false"}).items;
  REQUIRE(found.size() == 1);
  CHECK(found[0].params == std::map<std::string, std::string>{{"max_depth", "6"}, {"fast", "true"}});
  CHECK(found[0].plugin == "gbt");
}

TEST_CASE("Search: deleted versions are gone, and the same bytes published again have their metrics") {
  SearchWorld world;
  world.measure(world.publish({.contents = "one", .labels = {{"team", "risk"}}}), "roc_auc", 0.9);
  delete_version(world.services(), world.admin, Kind::model, Name::parse("churn"), Selector::parse("1"));
  CHECK(world.find("metrics.roc_auc > 0.8").empty());
  CHECK(world.find("labels.team = risk").empty());
  CHECK(world.find("kind = model").empty());
  world.publish({.name = "other", .contents = "one"});
  CHECK(world.find("metrics.roc_auc > 0.8") == References{"default/other@1"});
}

TEST_CASE("Search: a caller finds what it may read, by what counts there") {
  SearchWorld world;
  const Principal acme = world.principal("ann", Role::writer, "acme");
  world.publish({.contents = "same", .labels = {{"team", "risk"}}});
  const Version theirs = world.publish(acme, {.name = "acme/churn", .contents = "same", .labels = {{"team", "risk"}}});
  CHECK(world.find(acme, "labels.team = risk") == References{"acme/churn@1"});
  CHECK(world.find(acme, "") == References{"acme/churn@1"});
  CHECK(world.find(acme, "namespace = default OR kind = dataset").empty());
  CHECK(world.find("labels.team = risk") == References{"acme/churn@1", "default/churn@1"});

  // The admin's word counts in both namespaces; hers, on the same bytes, in her own.
  const Version rows = world.publish(acme, {.kind = Kind::dataset, .name = "acme/rows", .contents = "rows of acme"});
  world.report(acme, evaluation(theirs.digest, rows.digest, {metric("f1", 0.5)}));
  CHECK(world.find("metrics.f1 = 0.5") == References{"acme/churn@1"});

  // A run of the default namespace made a version of acme's: its settings are not hers to see.
  world.publish({.name = "acme/tuned", .contents = "tuned", .run = world.run({{"secret", 42}})});
  CHECK(world.find("params.secret = 42") == References{"acme/tuned@1"});
  CHECK(world.find(acme, "params.secret = 42").empty());
  CHECK(world.find(acme, "plugin = gbt").empty());
  const auto seen = world.page(acme, {.query = "name = tuned AND params.secret IS NULL"}).items;
  REQUIRE(seen.size() == 1);
  CHECK(seen[0].params.empty());
  CHECK_FALSE(seen[0].plugin);
  Principal nobody = acme;
  nobody.grants.clear();
  CHECK(error_of([&] { world.find(nobody, ""); }).first == Code::denied);
}

TEST_CASE("Search: the fields of a version are compared as their kind asks") {
  SearchWorld world;
  const Version one = world.publish({.name = "ChurnModel", .contents = "one", .labels = {{"a b", "50% [ok]"}}});
  const Version two = world.publish({.name = "late_flights", .contents = "seven b"});
  const References first = {"default/ChurnModel@1"}, second = {"default/late_flights@1"}, none;
  CHECK(world.find("name = churnmodel") == first);
  CHECK(world.find("name LIKE 'CHURN%'") == first);
  CHECK(world.find("name LIKE 'late\\_%'") == second);
  CHECK(world.find("name ILIKE '%\\_FLIGHTS'") == second);
  CHECK(world.find("labels.`a b` LIKE '50\\% [%'") == first);
  CHECK(world.find("labels.`a b` LIKE '50\\% [O%'") == none);
  CHECK(world.find("labels.`a b` ILIKE '50\\% [O%'") == first);
  CHECK(world.find("digest = " + two.digest.text()) == second);
  CHECK(world.find("size = 7") == second);
  CHECK(world.find("size < 4 AND kind = model") == first);
  CHECK(world.find("created_at > '" + format_time(one.created_at) + "'") == second);
  CHECK(world.find("created_at = '" + format_time(one.created_at) + "'") == first);
  CHECK(world.find("created_by = ada AND number = 1 AND kind != dataset AND namespace = DEFAULT") ==
        References{second[0], first[0]});
  CHECK(world.page(world.admin, {.query = "", .kind = Kind::dataset}).items.at(0).reference() == "default/holdout@1");
}

TEST_CASE("Search: what lacks the value comes last, and pages hold everything once") {
  SearchWorld world;
  const std::vector<json> values = {0.5, json(), 0.9, 0.5, 0.1, "none"};
  for (const json& value : values) {
    const Version version = world.publish({.contents = "v" + std::to_string(&value - values.data())});
    if (!value.is_string()) world.measure(version, "roc_auc", value);
  }
  const std::string models = "kind = model ORDER BY metrics.roc_auc";
  CHECK(world.find(models + " DESC") == of_churn({3, 4, 1, 5, 6, 2}));
  CHECK(world.find(models) == of_churn({5, 4, 1, 3, 6, 2}));
  CHECK(world.find("kind = model ORDER BY metrics.roc_auc, number") == of_churn({5, 1, 4, 3, 2, 6}));
  CHECK(world.find("kind = model") == of_churn({6, 5, 4, 3, 2, 1}));
  for (const int limit : {1, 2, 4})
    for (const char* order : {"metrics.roc_auc DESC", "metrics.roc_auc, number", "created_at", "name, labels.none", ""}) {
      INFO(order << " by " << limit);
      const SearchRequest request{.query = "", .order = order};
      CHECK(by_pages(world, request, limit) == by_pages(world, request, 100));
      CHECK(by_pages(world, request, limit).size() == 7);
    }
}

TEST_CASE("Search: the cursor of another order is refused, and so is a forged one") {
  SearchWorld world;
  world.publish({.contents = "one"});
  world.publish({.contents = "two"});
  const auto cursor = world.page(world.admin, {.query = "", .order = "created_at"}, {{}, 1}).next_cursor;
  REQUIRE(cursor);
  CHECK(world.page(world.admin, {.query = "kind = model", .order = "created_at"}, {cursor, 1}).items.size() == 1);
  for (const char* order : {"", "created_at DESC", "number", "created_at, number"})
    CHECK(error_of([&] { world.page(world.admin, {.query = "", .order = order}, {cursor, 1}); }).first ==
          Code::invalid_argument);
  CHECK(error_of([&] { world.page(world.admin, {.query = ""}, {"00", 1}); }).first == Code::invalid_argument);
}

TEST_CASE("Search: one order is enough, and a search that takes too long says what to do") {
  SearchWorld world;
  const auto [code, message] =
      error_of([&] { world.page(world.admin, {.query = "ORDER BY number", .order = "number"}); });
  CHECK(code == Code::invalid_argument);
  CHECK_THAT(message, Contains("leave one of them out"));

  LateDatabase late;
  Services services{.database = late, .blobs = world.blobs, .clock = world.clock, .entropy = world.entropy};
  const auto given_up = error_of([&] { search(services, world.admin, {.query = "name ILIKE '%x%'"}, {}); });
  CHECK(given_up.first == Code::deadline);
  CHECK_THAT(given_up.second, Contains("given up after 2 s") && Contains("Require something that fewer versions meet"));
}
