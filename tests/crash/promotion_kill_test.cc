// SPDX-License-Identifier: Apache-2.0
// Ends a process at every write, sync, truncation and deletion that SQLite makes while it promotes, as by kill -9 and as
// by a power cut, and checks what is left: a stage, its decisions, their facts, the audit trail and the events are one.
#include <fmt/format.h>

#include <functional>
#include <iostream>

#include "registry/catalog/audit.h"
#include "registry/catalog/decisions.h"
#include "registry/catalog/events.h"
#include "registry/catalog/sqlite_database.h"
#include "registry/catalog/stages.h"
#include "registry/domain/event.h"
#include "registry/service/approve.h"
#include "registry/service/rollback.h"
#include "registry/service/stage_move.h"
#include "tests/crash/campaign.h"
#include "tests/crash/catalogue_promises.h"
#include "tests/crash/child.h"
#include "tests/support/catch.h"
#include "tests/support/killing_vfs.h"
#include "tests/unit/promotion/world.h"

namespace assay::test {
namespace {

using Acknowledge = std::function<void(const Id&)>;
using Work = std::function<void(const Services&, const Acknowledge&)>;

// A catalogue on which the work is done again and again, each time on a copy.
struct Scene : World {
  Scene() {
    const Version data = push(Kind::dataset, "holdout", "a,b\n1,2\n");
    for (const double auc : {0.9, 0.1}) {
      const Version version = push(Kind::model, "churn", fmt::format("a model of {}", auc));
      report(evaluation(version.digest, data.digest, {metric("auc", auc)}));
    }
    const JsonRows rules = {{{"metric", {{"name", "auc"}, {"dataset", "holdout@1"}, {"at_least", 0.5}}}}};
    set_policy({{"stage", "gated"}, {"rules", rules}});
    set_policy({{"stage", "asked"}, {"rules", nlohmann::json::array()}, {"approvals", {{"count", 1}}}});
    database.reset();  // nothing is left in its log
  }

  // Every way in which a decision comes to be, once; in each turn another version is asked for.
  void decide(const Services& on, const Acknowledge& acknowledge, std::uint64_t turn = 0) const {
    const auto ask = [&](const char* stage, const char* version) {
      const Decision decision = assay::promote(on, admin, {.model = Name::parse("churn"),
                                                           .stage = StageName::parse(stage),
                                                           .version = Selector::parse(version)});
      acknowledge(*decision.id);
      return decision;
    };
    ask("open", "1");
    ask("gated", "1");
    ask("gated", "2");  // refused
    ask("gated", "1");  // there already
    const Decision waiting = ask("asked", turn % 2 == 0 ? "1" : "2");
    if (turn < 2) acknowledge(*approve(on, approver, {.decision = *waiting.id}).id);  // later on that still holds
    ask("open", "2");
    acknowledge(*rollback(on, admin, {Name::parse("churn"), StageName::parse("open"), {}, "", {}}).id);
  }

  Principal approver = principal("bo", Role::promoter);
};

void work_and_die(const Scene& scene, const std::filesystem::path& catalogue, const Work& work, Death death,
                  std::size_t at, const Tell& tell) {
  use_killing_vfs(death, at);
  const auto database = open_sqlite_database(catalogue);
  database->migrate();
  die_at(at);
  work({.database = *database, .blobs = const_cast<MemoryBlobStore&>(scene.blobs), .clock = scene.clock,
        .entropy = const_cast<SystemEntropy&>(scene.entropy)},
       [&](const Id& id) { tell(id.text()); });
}

std::string broken_after(const std::filesystem::path& catalogue, const std::vector<std::string>& acknowledged) {
  const auto database = open_sqlite_database(catalogue);
  database->migrate();
  return database->read([&](Snapshot& snapshot) -> std::string {
    if (std::string broken = broken_promise(snapshot); !broken.empty()) return broken;
    for (const std::string& id : acknowledged)
      if (!find_decision(snapshot, Id::parse(id))) return fmt::format("decision {} was acknowledged and is gone", id);
    return "";
  });
}

struct Deaths {
  std::size_t count = 0;
  std::size_t acknowledged = 0;
  std::string broken{};  // the first
};

// Dies at operation `first`, `first + step`, … until the work gets done.
Deaths die_everywhere(const Scene& scene, const Work& work, Death death, std::size_t first = 1, std::size_t step = 1) {
  Deaths out;
  for (std::size_t at = first;; at += step) {
    TempDir directory;
    const auto catalogue = directory / "catalog.db";
    std::filesystem::copy_file(scene.directory / "catalog.db", catalogue);
    const Ending ending =
        run_in_child([&](const Tell& tell) { work_and_die(scene, catalogue, work, death, at, tell); });
    std::string broken;
    try {
      broken = broken_after(catalogue, ending.told);
    } catch (const std::exception& error) {
      broken = error.what();
    }
    out.acknowledged += ending.told.size();
    if (out.broken.empty() && !broken.empty()) out.broken = fmt::format("at operation {}: {}", at, broken);
    if (!ending.killed) return out;
    ++out.count;
  }
}

Work work_of(const Scene& scene) {
  return [&](const Services& services, const Acknowledge& acknowledge) { scene.decide(services, acknowledge); };
}

TEST_CASE("Promotion: kill -9 at every operation leaves all or nothing of a decision, and what was acknowledged") {
  const Scene scene;
  const Deaths deaths = die_everywhere(scene, work_of(scene), Death::kill);
  CHECK(deaths.broken == "");
  CHECK(deaths.count > 100);
  CHECK(deaths.acknowledged > deaths.count);
}

TEST_CASE("Promotion: a power cut at every operation leaves all or nothing of a decision, and what was acknowledged") {
  const Scene scene;
  const Deaths deaths = die_everywhere(scene, work_of(scene), Death::power_cut);
  CHECK(deaths.broken == "");
  CHECK(deaths.count > 100);
}

TEST_CASE("Promotion: a disk that only says it has synced is found out, so the check can fail") {
  const Scene scene;
  const Deaths deaths = die_everywhere(scene, work_of(scene), Death::lying_disk, 1, 3);
  CHECK_THAT(deaths.broken, Catch::Matchers::Contains("was acknowledged and is gone"));
}

TEST_CASE("Promotion: records of one decision in two transactions are found out, so the check can fail") {
  const Scene scene;
  const Work in_two = [&](const Services& services, const Acknowledge& acknowledge) {
    const AttemptIds ids = new_attempt_ids(services);
    Decision decision{.namespace_ = "default",
                      .model = "churn",
                      .stage = "open",
                      .candidate = {.number = 1, .digest = Digest::of("any")},
                      .verdict = DecisionVerdict::already_there,
                      .summary = "already there"};
    decision.at = services.clock.now();
    decision.id = ids.decision;
    decision.actor = "ada";
    services.database.write([&](Transaction& transaction) {
      append_decision(transaction, decision);
      append_audit(transaction, {.time = decision.at,
                                 .actor = "ada",
                                 .action = "promote",
                                 .subject = "models/default/churn/stages/open",
                                 .details = nlohmann::json({{"decision", ids.decision.text()}}).dump()});
    });
    services.database.write([&](Transaction& transaction) {
      append_event(transaction, Namespace::parse("default"), event_of(decision, ids.event));
    });
    acknowledge(ids.decision);
  };
  CHECK_THAT(die_everywhere(scene, in_two, Death::kill).broken,
             Catch::Matchers::Contains("decisions without exactly one event"));
}

TEST_CASE("Campaign: power cuts of promotion, each with other losses", "[.campaign]") {
  const std::size_t wanted = cycles(10'000);
  const Scene scene;
  Deaths all;
  for (std::uint64_t round = 1; all.count < wanted && all.broken.empty(); ++round) {
    // The place of death seeds what is lost, so each round does one more turn before it.
    const Deaths one = die_everywhere(
        scene,
        [&](const Services& services, const Acknowledge& acknowledge) {
          for (std::uint64_t i = 0; i < round; ++i) scene.decide(services, acknowledge, i);
        },
        Death::power_cut, round);
    all.count += one.count;
    all.acknowledged += one.acknowledged;
    all.broken = one.broken;
  }
  std::cout << "power cuts: " << all.count << ", decisions acknowledged: " << all.acknowledged
            << ", broken promises: " << (all.broken.empty() ? "0" : all.broken) << '\n';
  CHECK(all.broken == "");
}

}  // namespace
}  // namespace assay::test
