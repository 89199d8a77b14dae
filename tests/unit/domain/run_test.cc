// SPDX-License-Identifier: Apache-2.0
// Runs as JSON, those that earlier releases stored included.
#include "registry/domain/run.h"

#include <nlohmann/json.hpp>

#include "storage/base/error.h"
#include "tests/support/catch.h"

namespace assay {
namespace {

using Catch::Matchers::Contains;
using nlohmann::json;

json draft() {
  return {{"kind", "train"},
          {"plugin",
           {{"name", "gbt"}, {"version", "1.0.0"}, {"digest", Digest::of("gbt").text()}, {"component", "gbt"}}},
          {"seed", 7},
          {"roles", {{"label", "late"}, {"group", "carrier"}}}};
}

Run stored(const json& document) {
  return {.draft = run_draft_from_json(document),
          .id = Id::parse("01kb2h5v0q4t8w9xaz3c6d7efg"),
          .created_at = {},
          .created_by = "ada",
          .outcome = {},
          .finished_at = {}};
}

TEST_CASE("Run: the columns that it used read back, and a run may not say them") {
  const Run run = stored(draft());
  CHECK(run.draft.roles == RunRoles{{"label", "late"}, {"group", "carrier"}});
  CHECK(run_from_json(json(run)) == run);
  json silent = draft();
  silent["roles"] = nullptr;
  CHECK(run_from_json(json(stored(silent))).draft.roles == std::nullopt);
}

TEST_CASE("Run: one that was stored before runs named their columns reads as it did") {
  json old = json(stored(draft()));
  old.erase("roles");
  CHECK(run_from_json(old).draft.roles == std::nullopt);
}

TEST_CASE("Run: roles that are no columns are refused") {
  json wrong = draft();
  wrong["roles"] = {{"label", 3}};
  CHECK_THROWS_WITH(run_draft_from_json(wrong), Contains("roles"));
  for (int i = 0; i < 20; ++i) wrong["roles"]["role" + std::to_string(i)] = "column";
  CHECK_THROWS_AS(run_draft_from_json(wrong), Error);
}

}  // namespace
}  // namespace assay
