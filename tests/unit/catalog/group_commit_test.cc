// SPDX-License-Identifier: Apache-2.0
#include <latch>
#include <thread>
#include <vector>

#include "registry/catalog/audit.h"
#include "registry/catalog/catalogue_meter.h"
#include "registry/catalog/write_queue.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/catalog/fixture.h"

using namespace assay;
using namespace assay::test;

namespace {

AuditEntry entry(const std::string& actor) {
  return {.time = kNow, .actor = actor, .action = "test", .subject = "x"};
}

// How many commits the log has seen, near enough: each changes this counter of the file once.
std::int64_t changes(Database& database) {
  return database.read([](Snapshot& snapshot) {
    Rows rows = snapshot.query("PRAGMA data_version");
    rows.next();
    return rows.get<std::int64_t>(0);
  });
}

// Holds the writer inside one closure until `count` more writes wait behind it; then all of them form one
// group.
template <class Fn>
void together(Database& database, std::size_t count, Fn&& each) {
  std::latch held(1), release(1), started(static_cast<std::ptrdiff_t>(count));
  std::thread holder([&] {
    database.write([&](Transaction&) {
      held.count_down();
      release.wait();
    });
  });
  held.wait();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      started.count_down();
      each(i);
    });
  started.wait();
  release.count_down();
  holder.join();
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

TEST_CASE("Group commit: one that throws takes back its own changes and nobody else's") {
  Catalogue catalogue;
  std::vector<Code> codes(32, Code::internal);
  together(*catalogue.database, codes.size(), [&](std::size_t i) {
    try {
      catalogue.database->write([&](Transaction& transaction) {
        append_audit(transaction, entry("actor" + std::to_string(i)));
        if (i % 2 == 1) throw Error(Code::denied, "odd ones fail");
      });
    } catch (const Error& error) {
      codes[i] = error.code();
    }
  });
  const Page<AuditEntry> kept =
      catalogue.database->read([](Snapshot& snapshot) { return list_audit(snapshot, {}); });
  CHECK(kept.items.size() == 16);
  for (std::size_t i = 0; i < codes.size(); ++i)
    CHECK(codes[i] == (i % 2 == 1 ? Code::denied : Code::internal));
  // A taken-back row leaves no gap either.
  for (std::size_t i = 0; i < kept.items.size(); ++i) {
    CHECK(kept.items[i].seq == static_cast<std::int64_t>(16 - i));
    CHECK(std::stoi(kept.items[i].actor.substr(5)) % 2 == 0);
  }
}

TEST_CASE("Group commit: a statement that fails inside a group spoils only its own closure") {
  Catalogue catalogue;
  std::atomic<int> doubled = 0;
  together(*catalogue.database, 8, [&](std::size_t) {
    try {
      catalogue.database->write([&](Transaction& transaction) {
        transaction.execute("INSERT INTO namespaces (key, name) VALUES ('same', 'same')");
      });
    } catch (const Error& error) {
      if (error.code() == Code::already_exists) ++doubled;
    }
  });
  CHECK(doubled == 7);
}

TEST_CASE("Group commit: when an answer is there, the change is on disk") {
  Catalogue catalogue;
  const std::int64_t before = changes(*catalogue.database);
  catalogue.database->write([](Transaction& transaction) { append_audit(transaction, entry("ann")); });
  // Another connection to the same file, without the writer's help, finds it.
  Session other(catalogue.path(), SessionMode::read);
  CHECK(other.number("SELECT COUNT(*) FROM audit") == 1);
  CHECK(changes(*catalogue.database) != before);
}

TEST_CASE("Group commit: a full queue is told so") {
  Catalogue catalogue({.max_waiting = 1});
  std::latch held(1), release(1);
  std::thread holder([&] {
    catalogue.database->write([&](Transaction&) {
      held.count_down();
      release.wait();
    });
  });
  held.wait();
  std::atomic<int> refused = 0, done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      try {
        catalogue.database->write([](Transaction&) {});
        ++done;
      } catch (const Error& error) {
        if (error.code() == Code::unavailable) ++refused;
      }
    });
  while (refused < 3) std::this_thread::yield();
  release.count_down();
  holder.join();
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 3);
  CHECK(done == 1);
}

TEST_CASE("Group commit: a write inside a write is refused instead of waiting for itself") {
  Catalogue catalogue;
  CHECK_THROWS_AS(
      catalogue.database->write([&](Transaction&) { catalogue.database->write([](Transaction&) {}); }),
      Error);
  catalogue.database->write([](Transaction&) {});
}

TEST_CASE("Group commit: a file that may not grow refuses the write, keeps nothing of it, and recovers") {
  Catalogue catalogue;
  catalogue.database->write([](Transaction& transaction) { append_audit(transaction, entry("before")); });
  const auto limit_pages = [&](std::string_view pragma) {
    catalogue.database->write([&](Transaction& transaction) { transaction.query(pragma).next(); });
  };
  limit_pages("PRAGMA max_page_count = 1");  // as many as there are: SQLite never goes below
  const std::string large(1 << 20, 'x');
  const auto write_large = [&] {
    catalogue.database->write([&](Transaction& transaction) { append_audit(transaction, entry(large)); });
  };
  try {
    write_large();
    FAIL("the write went through");
  } catch (const Error& error) {
    CHECK(error.code() == Code::full);
  }
  limit_pages("PRAGMA max_page_count = 1000000");
  CHECK(catalogue.database->read([](Snapshot& snapshot) { return list_audit(snapshot, {}); }).items.size() ==
        1);
  write_large();
  CHECK(catalogue.database->read([](Snapshot& snapshot) { return list_audit(snapshot, {}); }).items.size() ==
        2);
}

TEST_CASE("Group commit: the meter counts commits and how many writes shared them, and nothing waits afterwards") {
  CatalogueMeter meter;
  Catalogue catalogue({.meter = &meter});
  together(*catalogue.database, 8,
           [&](std::size_t) { catalogue.database->write([](Transaction& transaction) { append_audit(transaction, entry("ann")); }); });
  const HistogramCounts writes = meter.commit_writes.counts();
  CHECK(writes.sum == 9);  // the holder and those that came together behind it
  CHECK(writes.count == meter.commit_seconds.counts().count);
  CHECK(meter.writes_waiting == 0);
  CHECK(meter.readers == SqliteOptions().readers);
  catalogue.database->read([&](Snapshot&) { CHECK(meter.readers_busy == 1); });
  CHECK(meter.readers_busy == 0);
}
