// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/schema.h"

#include <sqlite3.h>

#include <array>
#include <fstream>

#include "registry/catalog/decisions.h"
#include "registry/catalog/request_keys.h"
#include "registry/catalog/stages.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/catalog/fixture.h"

using namespace assay;
using namespace assay::test;

namespace {

const Migration kFuture = {1000, "future", "CREATE TABLE future (id INTEGER PRIMARY KEY) STRICT"};
const Migration kBroken = {1000, "broken",
                           "CREATE TABLE half (id INTEGER PRIMARY KEY) STRICT; CREATE nonsense"};

SqliteOptions with(const Migration& extra, std::vector<const Migration*>& list) {
  list.assign(migrations().begin(), migrations().end());
  list.push_back(&extra);
  SqliteOptions options;
  options.schema = list;
  return options;
}

void open_and_migrate(const Catalogue& catalogue, const SqliteOptions& options) {
  open_sqlite_database(catalogue.path(), options)->migrate();
}

}  // namespace

TEST_CASE("Schema: migrating twice changes nothing and makes no copy") {
  Catalogue catalogue;
  catalogue.database.reset();
  open_and_migrate(catalogue, {});
  for (const auto& entry : std::filesystem::directory_iterator(catalogue.directory.path()))
    CHECK(entry.path().filename().string().find("before-schema") == std::string::npos);
}

TEST_CASE("Schema: an upgrade copies the file before it changes it") {
  Catalogue catalogue;
  catalogue.database->write(
      [](Transaction& transaction) { add_version(transaction, Name::parse("churn"), "one"); });
  catalogue.database.reset();
  std::vector<const Migration*> list;
  open_and_migrate(catalogue, with(kFuture, list));

  const auto copies =
      catalogue.path().string() + ".before-schema-" + std::to_string(migrations().back()->number + 1);
  REQUIRE(std::filesystem::exists(copies));
  Session copy(copies, SessionMode::read);
  CHECK(copy.number("SELECT COUNT(*) FROM versions") == 1);
  CHECK(copy.number("PRAGMA user_version") == migrations().back()->number);
  CHECK(copy.number("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'future'") == 0);
  Session upgraded(catalogue.path(), SessionMode::read);
  CHECK(upgraded.number("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'future'") == 1);
}

TEST_CASE("Schema: a catalogue from before requests had keys keeps its rows and takes keys") {
  SqliteOptions before;
  before.schema = migrations().first(4);
  Catalogue catalogue(before);
  catalogue.database->write(
      [](Transaction& transaction) { add_version(transaction, Name::parse("churn"), "one"); });
  catalogue.database.reset();
  const auto database = open_sqlite_database(catalogue.path());
  database->migrate();
  const Id caller = Id::make(kNow, {});
  const KeyedRequest request{"publish", Digest::of("request"), "1", kNow};
  database->write([&](Transaction& transaction) { put_request_key(transaction, caller, "key", request); });
  database->read([&](Snapshot& snapshot) {
    CHECK(find_version(snapshot, Kind::model, Name::parse("churn"), 1));
    const auto found = find_request_key(snapshot, caller, "key", kNow);
    REQUIRE(found);
    CHECK(found->operation == request.operation);
    CHECK(found->fingerprint == request.fingerprint);
    CHECK(found->subject == request.subject);
    CHECK(found->created_at == request.created_at);
    CHECK_FALSE(find_request_key(snapshot, caller, "key", kNow + std::chrono::milliseconds(1)));
    CHECK_FALSE(find_request_key(snapshot, caller, "KEY", kNow));
  });
}

TEST_CASE("Schema: an older program refuses a newer file and leaves it alone") {
  Catalogue catalogue;
  catalogue.database.reset();
  std::vector<const Migration*> list;
  open_and_migrate(catalogue, with(kFuture, list));
  const auto older = open_sqlite_database(catalogue.path());
  try {
    older->migrate();
    FAIL("it was opened");
  } catch (const Error& error) {
    CHECK(error.code() == Code::unsupported);
    CHECK_THAT(error.message(), Catch::Contains("newer assay"));
  }
  CHECK_THROWS_AS(older->read([](Snapshot&) {}), Error);
  open_and_migrate(catalogue, with(kFuture, list));
}

TEST_CASE("Schema: a step that fails leaves nothing half done") {
  Catalogue catalogue;
  catalogue.database.reset();
  std::vector<const Migration*> list;
  CHECK_THROWS_AS(open_and_migrate(catalogue, with(kBroken, list)), Error);
  Session session(catalogue.path(), SessionMode::read);
  CHECK(session.number("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'half'") == 0);
  CHECK(session.number("PRAGMA user_version") == migrations().back()->number);
}

TEST_CASE("Schema: a file of something else is refused and not touched") {
  const TempDir directory;
  const auto path = directory / "catalog.db";
  const auto code = [&] {
    try {
      open_sqlite_database(path);
    } catch (const Error& error) {
      return error.code();
    }
    return Code::internal;
  };
  std::ofstream(path) << std::string(4096, 'x');
  CHECK(code() == Code::corrupt);
  std::filesystem::remove(path);
  {
    Session other(path, SessionMode::write);
    other.run("CREATE TABLE somebody_elses (id INTEGER)");
  }
  CHECK(code() == Code::corrupt);
  Session other(path, SessionMode::write);
  CHECK(other.number("SELECT COUNT(*) FROM sqlite_schema") == 1);
}

TEST_CASE("Schema: a catalogue from before promotions could wait keeps its decisions and stages, and their guards") {
  SqliteOptions before;
  before.schema = migrations().first(5);
  Catalogue catalogue(before);
  const Name churn = Name::parse("churn");
  const StageName production = StageName::parse("production");
  Decision decision{.id = Id::make(kNow, {}),
                    .namespace_ = "default",
                    .model = "churn",
                    .stage = "production",
                    .candidate = {.number = 1, .digest = Digest::of("any")},
                    .verdict = DecisionVerdict::promoted,
                    .changed = true,
                    .revision_after = 1,
                    .actor = "ada",
                    .at = kNow};
  catalogue.database->write([&](Transaction& transaction) {
    add_version(transaction, churn, "one");
    append_decision(transaction, decision);
    REQUIRE(move_stage(transaction, {churn, production, 1, 0, *decision.id, "ada", kNow}));
  });
  catalogue.database.reset();
  const auto database = open_sqlite_database(catalogue.path());
  database->migrate();
  database->read([&](Snapshot& snapshot) {
    CHECK(find_decision(snapshot, *decision.id) == decision);
    const auto stage = find_stage(snapshot, churn, production);
    REQUIRE(stage);
    CHECK(stage->revision == 1);
    CHECK(stage->decision_id == decision.id);
    CHECK_FALSE(snapshot.query("PRAGMA foreign_key_check").next());
  });
  for (const char* forbidden : {"UPDATE decisions SET actor = 'eve'", "DELETE FROM decisions", "DELETE FROM stages",
                                "UPDATE stages SET revision = revision + 1"})
    CHECK_THROWS_AS(database->write([&](Transaction& transaction) { transaction.execute(forbidden); }), Error);
  decision.id = Id::make(kNow + std::chrono::milliseconds(1), {});
  decision.verdict = DecisionVerdict::waiting;
  decision.changed = false;
  decision.revision_before = 1;
  database->write([&](Transaction& transaction) { append_decision(transaction, decision); });
  database->read([&](Snapshot& snapshot) {
    const auto waiting = waiting_decisions(snapshot, ReadableSpaces::everything(), 10);
    REQUIRE(waiting.size() == 1);
    CHECK(waiting[0] == decision);
  });
}

TEST_CASE("Schema: every table is STRICT") {
  Catalogue catalogue;
  catalogue.database->read([](Snapshot& snapshot) {
    Rows rows = snapshot.query(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' "
        "AND strict = 0 AND name NOT LIKE 'sqlite_%'");
    while (rows.next()) FAIL(rows.get<std::string>(0));
  });
}

TEST_CASE("Schema: steps are numbered 1, 2, 3 without gaps") {
  int number = 0;
  for (const Migration* migration : migrations()) CHECK(migration->number == ++number);
}
