// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/audit_tree.h"

#include <random>

#include "registry/catalog/audit.h"
#include "registry/catalog/check_audit.h"
#include "registry/catalog/sqlite_session.h"
#include "storage/base/error.h"
#include "tests/crash/campaign.h"
#include "tests/support/catch.h"
#include "tests/unit/catalog/fixture.h"

using namespace assay;
using namespace assay::test;

namespace {

AuditEntry entry(int i) {
  return {.seq = 0,
          .time = kNow + std::chrono::milliseconds(i),
          .actor = i % 2 == 0 ? "ann" : "bob \u00e9",
          .action = "test",
          .subject = "models/default/churn@" + std::to_string(i),
          .details = R"({"reason":"a \"quoted\" one","token":)" + std::to_string(i) + "}"};
}

void append(Database& database, int count) {
  database.write([&](Transaction& transaction) {
    for (int i = 0; i < count; ++i) append_audit(transaction, entry(i));
  });
}

// From what the list shows, by nothing but the definition.
TreeHead head_of_list(Database& database) {
  GrowingTree tree;
  database.read([&](Snapshot& snapshot) {
    read_audit(snapshot, 0, [&](const AuditEntry& shown) {
      tree.add(leaf_hash(entry_text(shown)));
      return true;
    });
  });
  return {tree.size(), tree.root()};
}

TreeHead head(Database& database) {
  return database.read([](Snapshot& snapshot) { return audit_head(snapshot); });
}

std::vector<std::string> check(Database& database, const std::optional<TreeHead>& signed_head = {}) {
  return database.read([&](Snapshot& snapshot) { return check_audit(snapshot, signed_head); });
}

// The catalogue's file in the hands of somebody who may write anything into it, one change after the other.
class Intruder {
 public:
  explicit Intruder(const Catalogue& catalogue) : session_(catalogue.path(), SessionMode::write) {
    for (const char* trigger : {"audit_is_append_only_1", "audit_is_append_only_2", "audit_nodes_are_append_only_1",
                                "audit_nodes_are_append_only_2"})
      session_.run(("DROP TRIGGER " + std::string(trigger)).c_str());
  }

  // What a check says after `sql`, which is taken back.
  std::vector<std::string> problems_after(const std::string& sql, const std::optional<TreeHead>& signed_head = {}) {
    return problems_when([&] { session_.run(sql.c_str()); }, signed_head);
  }
  template <class Change>
  std::vector<std::string> problems_when(const Change& change, const std::optional<TreeHead>& signed_head = {}) {
    session_.run("BEGIN");
    change();
    Snapshot snapshot(session_);
    auto out = check_audit(snapshot, signed_head);
    session_.roll_back();
    return out;
  }

  void run(const std::string& sql) { session_.run(sql.c_str()); }
  std::int64_t number(const std::string& sql) { return session_.number(sql.c_str()); }

  // As a careful intruder does: the tree is made anew for what stands in the table now.
  void rebuild_tree() {
    session_.run("DELETE FROM audit_nodes");
    Transaction transaction(session_);
    append_earlier_leaves(transaction);
  }

 private:
  Session session_;
};

std::string first(const std::vector<std::string>& problems) {
  return problems.empty() ? "" : problems.front();
}

// Changes the trail in some way, so many times, and asks each time.
void tamper(std::size_t times) {
  constexpr int kEntries = 24;
  Catalogue catalogue;
  append(*catalogue.database, kEntries);
  const TreeHead signed_head = head(*catalogue.database);
  catalogue.database.reset();
  Intruder intruder(catalogue);
  const auto seed = std::random_device()();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const auto change = [&] {
    const std::string at = std::to_string(1 + random() % kEntries);
    const std::string other = std::to_string(1 + random() % kEntries);
    const char* const columns[] = {"actor", "action", "subject"};
    switch (random() % 6) {
      case 0:
        return "UPDATE audit SET " + std::string(columns[random() % 3]) + " = 'x" + std::to_string(random()) +
               "' WHERE seq = " + at;
      case 1:
        return "UPDATE audit SET time = time + " + std::to_string(1 + random() % 1000) + " WHERE seq = " + at;
      case 2:
        return "UPDATE audit SET details = '{\"n\":" + std::to_string(random() % 1000) + "}' WHERE seq = " + at;
      case 3:
        return "DELETE FROM audit WHERE seq = " + at;
      case 4:
        return "DELETE FROM audit WHERE seq >= " + at;
      default:
        // Moves an entry to another place; those between make room.
        return "CREATE TEMP TABLE moved AS SELECT row_number() OVER (ORDER BY CASE WHEN seq = " + at + " THEN " + other +
               (random() % 2 == 0 ? " - 0.5" : " + 0.5") +
               " ELSE seq END) AS place, * FROM audit; DELETE FROM audit; INSERT INTO audit SELECT place, time, actor, "
               "action, subject, details FROM moved; DROP TABLE moved";
    }
  };
  std::size_t changed = 0;
  for (std::size_t i = 0; i < times; ++i) {
    const std::string sql = change();
    INFO(sql);
    bool differs = false;
    const bool careful = i % 2 == 0;  // makes the tree anew as well, so that only the signature gives it away
    const auto problems = intruder.problems_when(
        [&] {
          intruder.run("CREATE TEMP TABLE before AS SELECT * FROM audit");
          intruder.run(sql);
          differs = intruder.number("SELECT (SELECT COUNT(*) FROM (SELECT * FROM before EXCEPT SELECT * FROM audit))") > 0;
          intruder.run("DROP TABLE before");
          const bool dense = intruder.number("SELECT COUNT(*) = coalesce(max(seq), 0) FROM audit") != 0;
          if (careful && dense) intruder.rebuild_tree();
        },
        signed_head);
    REQUIRE(problems.empty() != differs);  // a move to its own place changes nothing, and nothing is said
    changed += differs ? 1 : 0;
  }
  CHECK(changed > times * 9 / 10);
}

}  // namespace

TEST_CASE("Audit tree: its root is that of the entries as they are listed, at every size") {
  Catalogue catalogue;
  CHECK(head(*catalogue.database) == TreeHead{0, Digest::of("")});
  for (int i = 0; i < 40; ++i) {
    append(*catalogue.database, 1 + i % 3);
    CHECK(head(*catalogue.database) == head_of_list(*catalogue.database));
  }
  CHECK(check(*catalogue.database, head(*catalogue.database)).empty());
}

TEST_CASE("Audit tree: an entry whose change fails leaves no trace in it") {
  Catalogue catalogue;
  append(*catalogue.database, 5);
  const TreeHead before = head(*catalogue.database);
  CHECK_THROWS_AS(catalogue.database->write([](Transaction& transaction) {
    append_audit(transaction, entry(1));
    append_audit(transaction, entry(2));
    throw Error(Code::conflict, "no");
  }),
                  Error);
  CHECK(head(*catalogue.database) == before);
  append(*catalogue.database, 2);
  CHECK(head(*catalogue.database) == head_of_list(*catalogue.database));
}

TEST_CASE("Audit tree: entries from before there was one get theirs when the catalogue is upgraded") {
  SqliteOptions before;
  before.schema = migrations().first(static_cast<std::size_t>(kAuditTreeMigration.number) - 1);
  Catalogue catalogue(before);
  catalogue.database->write([](Transaction& transaction) {
    for (int i = 0; i < 37; ++i) {
      const AuditEntry old = entry(i);
      transaction.execute("INSERT INTO audit (time, actor, action, subject, details) VALUES (?, ?, ?, ?, ?)",
                          {old.time, old.actor, old.action, old.subject, old.details});
    }
  });
  CHECK(check(*catalogue.database).empty());  // as an fsck before the upgrade does
  CHECK_THAT(first(check(*catalogue.database, TreeHead{37, Digest::of("")})), Catch::Contains("not there any more"));
  catalogue.database.reset();
  catalogue.database = open_sqlite_database(catalogue.path());
  catalogue.database->migrate();
  CHECK(head(*catalogue.database).size == 37);
  append(*catalogue.database, 3);
  CHECK(head(*catalogue.database) == head_of_list(*catalogue.database));
  CHECK(check(*catalogue.database).empty());
}

TEST_CASE("Audit tree: its nodes cannot be changed or removed") {
  Catalogue catalogue;
  append(*catalogue.database, 3);
  for (const char* sql : {"UPDATE audit_nodes SET hash = zeroblob(32)", "DELETE FROM audit_nodes"})
    CHECK_THROWS_WITH(catalogue.database->write([&](Transaction& transaction) { transaction.execute(sql); }),
                      Catch::Contains("append-only"));
}

TEST_CASE("Audit tree: nothing is appended to a trail that has lost entries or parts of its tree") {
  for (const char* sql : {"DELETE FROM audit WHERE seq = 5", "DELETE FROM audit_nodes WHERE level = 0 AND position = 4",
                          "DELETE FROM audit_nodes WHERE level = 2", "DELETE FROM audit"}) {
    INFO(sql);
    Catalogue catalogue;
    append(*catalogue.database, 5);
    catalogue.database.reset();
    Intruder(catalogue).run(sql);
    const auto database = open_sqlite_database(catalogue.path());
    database->migrate();
    try {
      append(*database, 3);
      FAIL("it was appended");
    } catch (const Error& error) {
      CHECK(error.code() == Code::corrupt);
      CHECK_THAT(error.message(), Catch::Contains("fsck"));
    }
  }
}

TEST_CASE("Audit check: says which entry was changed, removed, exchanged or added") {
  Catalogue catalogue;
  append(*catalogue.database, 20);
  const TreeHead signed_head = head(*catalogue.database);
  append(*catalogue.database, 1);
  catalogue.database.reset();
  Intruder intruder(catalogue);
  const auto says = [&](const std::string& sql, const std::string& words) {
    INFO(sql);
    CHECK_THAT(first(intruder.problems_after(sql, signed_head)), Catch::Contains(words));
  };
  CHECK(intruder.problems_after("SELECT 1", signed_head).empty());
  says("UPDATE audit SET actor = 'eve' WHERE seq = 7", "entry 7 is not what was appended; it reads {\"action\"");
  says("UPDATE audit SET time = time + 1 WHERE seq = 20", "entry 20 is not what was appended");
  says("UPDATE audit SET details = '{}' WHERE seq = 1", "entry 1 is not what was appended");
  says("UPDATE audit SET details = '{' WHERE seq = 3", "Entry 3 of the audit trail is not what was appended");
  says("UPDATE audit SET actor = CAST(x'ff' AS TEXT) WHERE seq = 3", "Entry 3 of the audit trail is not");
  says("DELETE FROM audit WHERE seq = 9", "entry 9 is missing");
  says("DELETE FROM audit WHERE seq = 21", "entry 21 is missing");
  says("DELETE FROM audit", "entry 1 is missing");
  says("DELETE FROM audit WHERE seq > 12; DELETE FROM audit_nodes WHERE (position + 1) << level > 12",
       "the trail ends with entry 12, but 20 had been signed");
  says("UPDATE audit SET seq = 1000 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5; UPDATE audit SET seq = 5 "
       "WHERE seq = 1000",
       "entry 4 is not what was appended");
  says("INSERT INTO audit SELECT 22, time, 'eve', action, subject, details FROM audit WHERE seq = 1",
       "entry 22 was not appended");
  says("INSERT INTO audit SELECT 1 << 62, time, 'eve', action, subject, details FROM audit WHERE seq = 1",
       "was not appended");
  says("INSERT INTO audit SELECT -5, time, 'eve', action, subject, details FROM audit WHERE seq = 1",
       "entry -5, which was never appended");
  says("UPDATE audit_nodes SET hash = zeroblob(32) WHERE level = 0 AND position = 6", "entry 7 is not what was appended");
  says("UPDATE audit_nodes SET hash = zeroblob(32) WHERE level = 2 AND position = 1", "the entries 5 to 8");
  says("DELETE FROM audit_nodes WHERE level = 3", "the entries 1 to 8");
  says("DELETE FROM audit_nodes WHERE level = 0 AND position = 10", "entry 11 was not appended");
  says("INSERT INTO audit_nodes VALUES (5, 7, zeroblob(32))", "belong to no entry");
}

TEST_CASE("Audit check: a tree that was made anew for a changed trail contradicts what was signed") {
  Catalogue catalogue;
  append(*catalogue.database, 20);
  const TreeHead signed_head = head(*catalogue.database);
  append(*catalogue.database, 5);
  catalogue.database.reset();
  Intruder intruder(catalogue);
  const auto rewritten = [&](const std::string& sql) {
    return intruder.problems_when(
        [&] {
          intruder.run(sql);
          intruder.rebuild_tree();
        },
        signed_head);
  };
  CHECK(rewritten("SELECT 1").empty());
  CHECK_THAT(first(rewritten("UPDATE audit SET actor = 'eve' WHERE seq = 7")), Catch::Contains("up to 20 are not those"));
  CHECK_THAT(first(rewritten("DELETE FROM audit WHERE seq > 19")), Catch::Contains("ends with entry 19"));
  // What came after the signature is nobody's word but the catalogue's.
  CHECK(rewritten("UPDATE audit SET actor = 'eve' WHERE seq = 21").empty());
}

TEST_CASE("Audit check: any entry modified, deleted or moved, or the end cut off, is found, a thousand times") {
  tamper(1000);
}

TEST_CASE("Audit check: any entry modified, deleted or moved, or the end cut off, is found, ten thousand times",
          "[.campaign]") {
  tamper(cycles(10'000));
}
