// SPDX-License-Identifier: Apache-2.0
// A registry for promotion tests: a real catalogue in a fresh directory, blobs in memory, a clock that moves
// when told.
#pragma once

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/access/principal.h"
#include "registry/catalog/database.h"
#include "registry/domain/artifact.h"
#include "registry/domain/evidence.h"
#include "registry/domain/policy.h"
#include "registry/service/promote.h"
#include "registry/service/services.h"
#include "storage/env/clock.h"
#include "storage/env/entropy.h"
#include "tests/support/memory_blob_store.h"
#include "tests/support/temp_dir.h"

namespace assay::test {

class SetClock final : public Clock {
 public:
  Time now() const override { return from_milliseconds(now_); }
  void advance(std::chrono::milliseconds by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_ = to_milliseconds(parse_time("2026-11-21T00:00:00Z"));
};

class World {
 public:
  World();

  Services services() { return {.database = *database, .blobs = blobs, .clock = clock, .entropy = entropy}; }
  Principal principal(const std::string& name, Role role, std::optional<std::string> space = std::nullopt);

  // A version with one file of these contents.
  Version push(Kind kind, const std::string& name, const std::string& contents);
  // Evidence as `caller` (admin by default) reports it.
  Evidence report(const nlohmann::json& document);
  Evidence report(const Principal& caller, const nlohmann::json& document);
  Policy set_policy(const nlohmann::json& document, const std::string& model = "churn");
  Decision promote(const std::string& version, const std::string& stage = "production", bool dry_run = false,
                   std::optional<std::int64_t> expected = std::nullopt);
  std::int64_t count(std::string_view sql);

  TempDir directory;
  SetClock clock;
  SystemEntropy entropy;
  MemoryBlobStore blobs;
  std::unique_ptr<Database> database;
  Principal admin;
};

// A metric row and an evaluation document, complete; change what a test is about.
nlohmann::json metric(const std::string& name, const nlohmann::json& value, bool higher_is_better = true,
                      const std::string& slice = "");
// Rows are a vector: `{row}` as JSON would be the row itself.
using JsonRows = std::vector<nlohmann::json>;
nlohmann::json evaluation(const Digest& model, const Digest& dataset, const JsonRows& rows);
nlohmann::json validation(const Digest& dataset, const JsonRows& rows);

// The code of the Error that `attempt` throws, and its message; Code::internal and "" when it throws none.
template <class Attempt>
std::pair<Code, std::string> error_of(Attempt&& attempt) {
  try {
    attempt();
  } catch (const Error& error) {
    return {error.code(), error.message()};
  }
  return {Code::internal, "nothing was thrown"};
}

}  // namespace assay::test
