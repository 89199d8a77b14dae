// SPDX-License-Identifier: Apache-2.0
// What searching needs of the catalogue below it: tables that older catalogues get filled, statements that are not kept,
// and readers that stop in time.
#include <sqlite3.h>

#include <nlohmann/json.hpp>

#include "registry/catalog/evidence.h"
#include "registry/catalog/search.h"
#include "registry/catalog/sqlite_session.h"
#include "tests/support/catch.h"
#include "tests/unit/catalog/fixture.h"

using namespace assay;
using namespace assay::test;
using nlohmann::json;

namespace {

const Id kRun = Id::make(kNow, {});

// As insert_run of that schema wrote it.
void insert_old_run(Transaction& transaction) {
  const json document = {{"plugin", {{"name", "gbt"}}}, {"config", {{"max_depth", 6}, {"booster", "dart"}, {"fast", true}}}};
  transaction.execute(
      "INSERT INTO runs (id, kind, status, author, created_at, document) VALUES (?, 'train', 'running', ?, ?, ?)",
      {kRun, kRun, kNow, document.dump()});
  transaction.execute("INSERT INTO run_plugins (run_seq, digest) VALUES (1, ?)", {Digest::of("gbt").text()});
  transaction.execute("INSERT INTO run_spaces (run_seq, space) VALUES (1, 'default')");
}

Evidence evaluation(const Digest& model, std::optional<double> value, const std::string& number) {
  MetricRow row;
  row.name = "roc_auc";
  row.value = value;
  const Digest other = Digest::of("other");
  EvidenceDraft draft{.kind = EvidenceKind::evaluation, .model = model, .dataset = other, .reference = {}, .slice = "",
                      .plugin = {"p", "1", other, "c"}, .config = {"{}", Digest::of("{}")}, .seed = 0, .run = {},
                      .rows = std::vector{row}};
  return Evidence(std::move(draft), Id::parse("01jd000000000000000000000" + number), Level::reported, kNow, "ann");
}

std::size_t count_found(Database& database, const std::string& query) {
  return database.read([&](Snapshot& snapshot) {
    return search_versions(snapshot, parse_search(query), ReadableSpaces::everything(), {}).items.size();
  });
}

}  // namespace

TEST_CASE("Search: what an older catalogue holds is found after the upgrade") {
  SqliteOptions before;
  std::size_t steps = 0;
  for (const Migration* migration : migrations()) steps += migration->number < 8 ? 1 : 0;
  before.schema = migrations().first(steps);
  Catalogue catalogue(before);
  catalogue.database->write([](Transaction& transaction) {
    insert_old_run(transaction);
    const Manifest manifest = manifest_of("one");
    const auto artifact = ensure_artifact(transaction, Kind::model, Name::parse("churn"), kNow);
    append_version(transaction, {.artifact_id = artifact, .manifest = manifest, .created_at = kNow, .created_by = "ann",
                                 .labels = {}, .profile = {}, .run_id = kRun});
    append_evidence(transaction, evaluation(manifest.digest(), 0.7, "1"), {"default"});
    append_evidence(transaction, evaluation(manifest.digest(), 0.9, "2"), {"default"});
  });
  catalogue.database.reset();
  const auto database = open_sqlite_database(catalogue.path());
  database->migrate();
  for (const char* query : {"metrics.roc_auc = 0.9", "params.max_depth = 6", "params.booster = dart", "params.fast = true",
                            "plugin = gbt"})
    CHECK(count_found(*database, query) == 1);
  CHECK(count_found(*database, "metrics.roc_auc = 0.7") == 0);
  // What comes later replaces what was there.
  database->write([](Transaction& transaction) {
    append_evidence(transaction, evaluation(manifest_of("one").digest(), 0.2, "3"), {"default"});
  });
  CHECK(count_found(*database, "metrics.roc_auc = 0.2") == 1);
  CHECK(count_found(*database, "metrics.roc_auc > 0.5") == 0);
}

TEST_CASE("Session: a statement that is prepared once is gone when it was read") {
  Catalogue catalogue;
  Session session(catalogue.path(), SessionMode::read);
  const auto prepared = [&] {
    std::size_t count = 0;
    for (sqlite3_stmt* each = nullptr; (each = sqlite3_next_stmt(session.handle(), each)) != nullptr;) ++count;
    return count;
  };
  Snapshot snapshot(session);
  const std::size_t before = prepared();
  for (int i = 0; i < 3; ++i) {
    const std::vector<Value> values = {Value(i)};
    Rows rows = snapshot.query_once("SELECT ? + " + std::to_string(i), values);
    REQUIRE(rows.next());
    CHECK(rows.get<std::int64_t>(0) == 2 * i);
  }
  CHECK(prepared() == before);
  snapshot.query("SELECT 1");
  CHECK(prepared() == before + 1);
}

TEST_CASE("Database: a reader whose time is limited stops, and the next one has its own") {
  Catalogue catalogue;
  const char* endless = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n";
  try {
    catalogue.database->read([&](Snapshot& snapshot) {
      snapshot.limit_time(std::chrono::milliseconds(1));
      snapshot.query(endless).next();
    });
    FAIL("it ended");
  } catch (const Error& error) {
    CHECK(error.code() == Code::deadline);
  }
  CHECK(catalogue.database->read([](Snapshot& snapshot) {
    Rows rows = snapshot.query("SELECT MAX(value) FROM json_each(?)", {"[1,2,3]"});
    rows.next();
    return rows.get<std::int64_t>(0);
  }) == 3);
}
