// SPDX-License-Identifier: Apache-2.0
// Many promote one stage at once: each revision has exactly one winner, and the history is whole.
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "registry/service/explain.h"
#include "tests/support/catch.h"
#include "tests/unit/promotion/world.h"

using namespace assay;
using namespace assay::test;

namespace {

constexpr int kThreads = 16;
constexpr int kGenerations = 12;

}  // namespace

TEST_CASE("Promote: of sixteen that expect a revision exactly one wins it, and the rest learn who did") {
  World world;
  for (int i = 0; i < kThreads; ++i) world.push(Kind::model, "churn", "model " + std::to_string(i));
  const Name churn = Name::parse("churn");
  const StageName production = StageName::parse("production");
  std::vector<Principal> callers;
  for (int i = 0; i < kThreads; ++i)
    callers.push_back(world.principal("user-" + std::to_string(i), Role::promoter));
  for (int generation = 0; generation < kGenerations; ++generation) {
    std::atomic<int> won = 0, there = 0, lost = 0, strange = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i)
      threads.emplace_back([&, i] {
        try {
          const Decision decision = promote(world.services(), callers[static_cast<std::size_t>(i)],
                                            {.model = churn,
                                             .stage = production,
                                             .version = Selector(VersionNumber{i + 1}),
                                             .expected_revision = generation});
          ++(decision.changed ? won : there);
        } catch (const Error& error) {
          const bool named = error.message().find("user-") != std::string::npos;
          ++(error.code() == Code::conflict && named ? lost : strange);
        }
      });
    for (std::thread& thread : threads) thread.join();
    REQUIRE(strange == 0);
    REQUIRE(won == 1);
    // Whoever asks for what the stage holds already, while it is still there, is told so.
    REQUIRE(there <= 1);
    REQUIRE(won + there + lost == kThreads);
  }
  CHECK(describe_stage(world.services(), world.admin, churn, production).revision == kGenerations);
  CHECK(world.count("SELECT COUNT(*) FROM decisions WHERE changed = 1") == kGenerations);
  CHECK(world.count("SELECT COUNT(DISTINCT revision_after) FROM decisions WHERE changed = 1") ==
        kGenerations);
  CHECK(world.count("SELECT COUNT(*) FROM decisions") ==
        world.count("SELECT COUNT(*) FROM audit WHERE action = 'promote'"));
  // Each move starts from what the one before it left.
  const auto history =
      stage_history(world.services(), world.admin, churn, production, {.cursor = {}, .limit = 500});
  std::optional<Decision> later;
  for (const Decision& decision : history.items) {
    if (!decision.changed) continue;
    if (later) CHECK(later->champion == decision.candidate);
    later = decision;
  }
}

TEST_CASE("Promote: without an expected revision every one of sixteen is decided, one after another") {
  World world;
  for (int i = 0; i < kThreads; ++i) world.push(Kind::model, "churn", "model " + std::to_string(i));
  std::vector<std::thread> threads;
  std::atomic<int> moved = 0;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] { moved += world.promote(std::to_string(i + 1)).changed ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  CHECK(moved == kThreads);
  CHECK(world.count("SELECT MAX(revision) FROM stages") == kThreads);
}
