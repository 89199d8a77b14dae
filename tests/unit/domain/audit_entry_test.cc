// SPDX-License-Identifier: Apache-2.0
#include "registry/domain/audit_entry.h"

#include <nlohmann/json.hpp>

#include "registry/domain/canonical_json.h"
#include "storage/base/error.h"
#include "tests/support/catch.h"

using namespace assay;

namespace {

const AuditEntry kEntry = {.seq = 812,
                           .time = from_milliseconds(1'795'222'923'004),
                           .actor = "Ann \"\u00e9\" \U0001F600",
                           .action = "promote",
                           .subject = "models/default/churn@3\n",
                           .details = R"({"\ud83d\ude00":1,"\ufb33":[1.50,null,"\u0007"],"a":{}})"};

}  // namespace

TEST_CASE("Audit entry: its text is the canonical JSON of what is shown") {
  CHECK(entry_text(kEntry) == canonical(kEntry));
  AuditEntry plain = kEntry;
  plain.actor = "ci";
  plain.subject = "tokens/1";
  plain.details = R"({"b": 2, "a": 1})";
  CHECK(entry_text(plain) == R"({"action":"promote","actor":"ci","details":{"a":1,"b":2},"seq":812,"subject":"tokens/1",)"
                             R"("time":"2026-11-21T01:02:03.004Z"})");
}

TEST_CASE("Audit entry: one that does not even read is called corrupt, by its number") {
  const auto refused = [](AuditEntry entry) {
    try {
      entry_text(entry);
      FAIL("it has a text");
    } catch (const Error& error) {
      CHECK(error.code() == Code::corrupt);
      CHECK_THAT(error.message(), Catch::StartsWith("Entry 812 "));
    }
  };
  AuditEntry entry = kEntry;
  entry.details = "{";
  refused(entry);
  entry.details = R"({"n":9007199254740993})";
  refused(entry);
  entry = kEntry;
  entry.actor = "\xff";
  refused(entry);
  entry = kEntry;
  entry.time = from_milliseconds(INT64_MAX);
  refused(entry);
}
