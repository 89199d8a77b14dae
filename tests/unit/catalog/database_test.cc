// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/database.h"

#include <sqlite3.h>

#include <sys/stat.h>
#include <condition_variable>
#include <fstream>
#include <limits>
#include <mutex>
#include <thread>

#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/catalog/fixture.h"

using namespace assay;
using namespace assay::test;

namespace {

template <class Fn>
Code code_of(Fn&& fn) {
  try {
    fn();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("nothing was thrown");
  return Code::internal;
}

std::string setting(Snapshot& snapshot, std::string_view pragma) {
  Rows rows = snapshot.query(pragma);
  REQUIRE(rows.next());
  return rows.get<std::string>(0);
}

}  // namespace

TEST_CASE("Database: a write returns what its closure returns and a later read sees it") {
  Catalogue catalogue;
  const std::int64_t id = catalogue.database->write([](Transaction& transaction) {
    transaction.execute("INSERT INTO namespaces (key, name) VALUES (?, ?)", {"acme", "Acme"});
    return transaction.last_insert_id();
  });
  CHECK(catalogue.database->read([&](Snapshot& snapshot) {
    Rows rows = snapshot.query("SELECT name FROM namespaces WHERE id = ?", {id});
    REQUIRE(rows.next());
    return rows.get<std::string>(0);
  }) == "Acme");
}

TEST_CASE("Database: every kind of value comes back as it went in") {
  Catalogue catalogue;
  const Digest digest = Digest::of(std::string_view("abc"));
  const Id id = Id::make(kNow, {});
  const std::string bytes("a\0b", 3);
  catalogue.database->read([&](Snapshot& snapshot) {
    Rows rows = snapshot.query("SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?",
                               {std::numeric_limits<std::int64_t>::min(), 0.1, bytes, digest, id, kNow,
                                nullptr, true, std::optional<std::string>()});
    REQUIRE(rows.next());
    CHECK(rows.get<std::int64_t>(0) == std::numeric_limits<std::int64_t>::min());
    CHECK(rows.get<double>(1) == 0.1);
    CHECK(rows.get<std::string>(2) == bytes);
    CHECK(rows.get<Digest>(3) == digest);
    CHECK(rows.get<Id>(4) == id);
    CHECK(rows.get<Time>(5) == kNow);
    CHECK_FALSE(rows.get<std::optional<Time>>(6));
    CHECK(rows.get<bool>(7));
    CHECK(rows.null(8));
    CHECK(code_of([&] { rows.get<std::string>(0); }) == Code::corrupt);
    CHECK(code_of([&] { rows.get<Digest>(2); }) == Code::corrupt);
    CHECK(code_of([&] { rows.get<std::int64_t>(6); }) == Code::corrupt);
  });
  CHECK(code_of([] { Value(std::numeric_limits<std::uint64_t>::max()); }) == Code::too_large);
}

TEST_CASE("Database: a closure that throws takes its changes back and throws to its caller") {
  Catalogue catalogue;
  CHECK(code_of([&] {
          catalogue.database->write([](Transaction& transaction) {
            transaction.execute("INSERT INTO namespaces (key, name) VALUES ('gone', 'gone')");
            throw Error(Code::conflict, "no");
          });
        }) == Code::conflict);
  CHECK_FALSE(catalogue.database->read(
      [](Snapshot& snapshot) { return snapshot.query("SELECT 1 FROM namespaces").next(); }));
}

TEST_CASE("Database: a doubled key is already_exists, a broken CHECK or reference is internal") {
  Catalogue catalogue;
  const auto run = [&](std::string_view sql) {
    return code_of(
        [&] { catalogue.database->write([&](Transaction& transaction) { transaction.execute(sql); }); });
  };
  catalogue.database->write([](Transaction& transaction) {
    transaction.execute("INSERT INTO namespaces (key, name) VALUES ('a', 'A')");
  });
  CHECK(run("INSERT INTO namespaces (key, name) VALUES ('a', 'a')") == Code::already_exists);
  CHECK(run("INSERT INTO namespaces (key, name) VALUES ('B', 'B')") == Code::internal);
  CHECK(run("INSERT INTO artifacts (kind, namespace_id, key, name, created_at) VALUES ('model', 99, 'x', "
            "'x', 0)") == Code::internal);
  CHECK(run("INSERT INTO namespaces (key, name) VALUES ('c', 7), ('d', x'00')") == Code::internal);
  CHECK(run("SELECT 1") == Code::internal);
  CHECK(run("nonsense") == Code::internal);
}

TEST_CASE("Database: a reader cannot write") {
  Catalogue catalogue;
  CHECK(code_of([&] {
          catalogue.database->read([](Snapshot& snapshot) {
            snapshot.query("INSERT INTO namespaces (key, name) VALUES ('x', 'x')").next();
          });
        }) == Code::unavailable);
}

TEST_CASE("Database: a read sees one state, whatever is committed beside it") {
  Catalogue catalogue;
  const auto count = [](Snapshot& snapshot) {
    Rows rows = snapshot.query("SELECT COUNT(*) FROM namespaces");
    rows.next();
    return rows.get<std::int64_t>(0);
  };
  catalogue.database->read([&](Snapshot& snapshot) {
    CHECK(count(snapshot) == 0);
    catalogue.database->write([](Transaction& transaction) {
      transaction.execute("INSERT INTO namespaces (key, name) VALUES ('x', 'x')");
    });
    CHECK(count(snapshot) == 0);
  });
  CHECK(catalogue.database->read(count) == 1);
}

TEST_CASE("Database: connections are hardened and durable") {
  Catalogue catalogue;
  catalogue.database->write([](Transaction& transaction) {
    CHECK(setting(transaction, "PRAGMA journal_mode") == "wal");
    for (const auto& [pragma, value] :
         {std::pair("PRAGMA synchronous", 2), std::pair("PRAGMA foreign_keys", 1),
          std::pair("PRAGMA trusted_schema", 0)}) {
      Rows rows = transaction.query(pragma);
      REQUIRE(rows.next());
      CHECK(rows.get<std::int64_t>(0) == value);
    }
    // DEFENSIVE: the schema cannot be edited as a table.
    CHECK_THROWS_AS(transaction.execute("UPDATE sqlite_schema SET sql = ''"), Error);
  });
  catalogue.database->read([](Snapshot& snapshot) {
    Rows rows = snapshot.query("PRAGMA wal_autocheckpoint");
    REQUIRE(rows.next());
    CHECK(rows.get<std::int64_t>(0) == 0);
  });
}

TEST_CASE("Database: only the owner may read the file") {
  Catalogue catalogue;
  for (const char* name : {"catalog.db", "catalog.db-wal"}) {
    struct stat status {};
    REQUIRE(::stat((catalogue.directory / name).c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
  }
}

TEST_CASE("Database: when every reader is busy the next one is told so") {
  Catalogue catalogue({.readers = 1, .reader_wait = std::chrono::milliseconds(1)});
  catalogue.database->read([&](Snapshot&) {
    CHECK(code_of([&] { catalogue.database->read([](Snapshot&) {}); }) == Code::unavailable);
  });
  catalogue.database->read([](Snapshot&) {});
}

TEST_CASE("Database: a query past its deadline is cut off and the reader lives on") {
  Catalogue catalogue({.readers = 1, .read_deadline = std::chrono::milliseconds(1)});
  CHECK(code_of([&] {
          catalogue.database->read([](Snapshot& snapshot) {
            snapshot
                .query(
                    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT MAX(i) FROM n")
                .next();
          });
        }) == Code::deadline);
  catalogue.database->read([](Snapshot&) {});
}

TEST_CASE("Database: what is committed is there after closing and opening again") {
  Catalogue catalogue;
  catalogue.database->write(
      [](Transaction& transaction) { add_version(transaction, Name::parse("churn"), "one"); });
  catalogue.database.reset();
  catalogue.database = open_sqlite_database(catalogue.path());
  catalogue.database->migrate();
  CHECK(catalogue.database->read([](Snapshot& snapshot) { return count_versions(snapshot); }) == 1);
}
