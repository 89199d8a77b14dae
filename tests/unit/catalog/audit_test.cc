// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/audit.h"

#include "storage/base/error.h"
#include "tests/support/catch.h"
#include "tests/unit/catalog/fixture.h"

using namespace assay;
using namespace assay::test;

namespace {

void append(Database& database, int count) {
  for (int i = 0; i < count; ++i)
    database.write([&](Transaction& transaction) {
      append_audit(transaction,
                   {.time = kNow, .actor = "ann", .action = "test", .subject = std::to_string(i)});
    });
}

}  // namespace

TEST_CASE("Audit: entries are numbered from 1 and listed newest first") {
  Catalogue catalogue;
  append(*catalogue.database, 3);
  const auto page = catalogue.database->read([](Snapshot& snapshot) { return list_audit(snapshot, {}); });
  REQUIRE(page.items.size() == 3);
  CHECK(page.items[0].seq == 3);
  CHECK(page.items[2].seq == 1);
  CHECK(page.items[2].subject == "0");
  CHECK_FALSE(page.next_cursor);
}

TEST_CASE("Audit: pages join without gap or repeat, while entries are added") {
  Catalogue catalogue;
  append(*catalogue.database, 5);
  std::vector<std::int64_t> seen;
  PageRequest request{.cursor = {}, .limit = 2};
  do {
    const auto page =
        catalogue.database->read([&](Snapshot& snapshot) { return list_audit(snapshot, request); });
    for (const AuditEntry& entry : page.items) seen.push_back(entry.seq);
    request.cursor = page.next_cursor;
    append(*catalogue.database, 1);
  } while (request.cursor);
  CHECK(seen == std::vector<std::int64_t>{5, 4, 3, 2, 1});
}

TEST_CASE("Audit: nothing can be changed or removed") {
  Catalogue catalogue;
  append(*catalogue.database, 1);
  for (const char* sql : {"UPDATE audit SET actor = 'eve'", "DELETE FROM audit"})
    CHECK_THROWS_WITH(catalogue.database->write([&](Transaction& transaction) { transaction.execute(sql); }),
                      Catch::Contains("append-only"));
  CHECK_THROWS_AS(catalogue.database->write([](Transaction& transaction) {
    append_audit(transaction, {.time = kNow, .actor = "a", .action = "b", .subject = "c", .details = "[]"});
  }),
                  Error);
}
