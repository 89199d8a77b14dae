// SPDX-License-Identifier: Apache-2.0
// Ends a process at every write, sync, truncation and deletion that SQLite makes while it promotes, as by kill -9 and as
// by a power cut, and checks what is left: a stage, its decisions, their facts, the audit trail and the events are one.
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
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

struct Ending {
  bool killed = false;
  std::vector<std::string> acknowledged{};
};

void work_and_die(const Scene& scene, const std::filesystem::path& catalogue, const Work& work, Death death,
                  std::size_t at, int acknowledge_fd) {
  use_killing_vfs(death, at);
  const auto database = open_sqlite_database(catalogue);
  database->migrate();
  die_at(at);
  work({.database = *database, .blobs = const_cast<MemoryBlobStore&>(scene.blobs), .clock = scene.clock,
        .entropy = const_cast<SystemEntropy&>(scene.entropy)},
       [&](const Id& id) {
         if (write(acknowledge_fd, id.text().data(), id.text().size()) < 0) _exit(3);
       });
}

// In a child, which dies at operation `at` unless it was done before.
Ending work_until(const Scene& scene, const std::filesystem::path& catalogue, const Work& work, Death death,
                  std::size_t at) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  if (child == 0) {
    try {
      work_and_die(scene, catalogue, work, death, at, ends[1]);
    } catch (const std::exception& error) {
      std::cerr << error.what() << '\n';
      _exit(2);
    }
    _exit(0);
  }
  close(ends[1]);
  Ending out;
  std::array<char, 26> id{};
  while (read(ends[0], id.data(), id.size()) == static_cast<ssize_t>(id.size()))
    out.acknowledged.emplace_back(id.data(), id.size());
  close(ends[0]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  out.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (!out.killed) REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  return out;
}

// Each counts what must not be.
const std::pair<const char*, const char*> kPromises[] = {
    {"stages that are not where their decisions took them",
     "SELECT COUNT(*) FROM stages s WHERE revision <> (SELECT COUNT(*) FROM decisions d WHERE d.changed = 1 AND "
     "d.artifact_id = s.artifact_id AND d.stage = s.key) OR number IS NOT (SELECT number FROM decisions d WHERE "
     "d.changed = 1 AND d.artifact_id = s.artifact_id AND d.stage = s.key ORDER BY revision_after DESC LIMIT 1)"},
    {"decisions that moved no stage",
     "SELECT COUNT(*) FROM decisions d WHERE changed = 1 AND NOT EXISTS (SELECT 1 FROM stages s WHERE "
     "s.artifact_id = d.artifact_id AND s.key = d.stage)"},
    {"judged decisions without their facts",
     "SELECT COUNT(*) FROM decisions d WHERE verdict NOT IN ('already_there', 'rolled_back') AND NOT EXISTS "
     "(SELECT 1 FROM decision_facts f WHERE f.decision_seq = d.seq)"},
    {"facts without a decision",
     "SELECT COUNT(*) FROM decision_facts WHERE decision_seq NOT IN (SELECT seq FROM decisions)"},
    {"decisions without exactly one audit entry",
     "SELECT COUNT(*) FROM decisions d WHERE 1 <> (SELECT COUNT(*) FROM audit a WHERE a.action = d.action AND "
     "json_extract(a.details, '$.decision') = d.id)"},
    {"audit entries without a decision",
     "SELECT COUNT(*) FROM audit WHERE action IN ('promote', 'rollback', 'approve') AND "
     "json_extract(details, '$.decision') NOT IN (SELECT id FROM decisions)"},
    {"decisions without exactly one event",
     "SELECT COUNT(*) FROM decisions d WHERE 1 <> (SELECT COUNT(*) FROM events e WHERE "
     "json_extract(e.data, '$.decision') = d.id)"},
    {"events without a decision",
     "SELECT COUNT(*) FROM events WHERE type LIKE '%.stage.%' AND json_extract(data, '$.decision') NOT IN "
     "(SELECT id FROM decisions)"},
    {"approvals that are not in the audit trail",
     "SELECT abs((SELECT COUNT(*) FROM approvals) - (SELECT COUNT(*) FROM audit WHERE action = 'approve'))"},
    {"approvals that led to nothing",
     "SELECT COUNT(*) FROM approvals p WHERE NOT EXISTS (SELECT 1 FROM decisions d WHERE d.stage = p.stage AND "
     "d.changed = 1)"}};

std::string broken_promise(const std::filesystem::path& catalogue, const std::vector<std::string>& acknowledged) {
  const auto database = open_sqlite_database(catalogue);
  database->migrate();
  return database->read([&](Snapshot& snapshot) -> std::string {
    Rows check = snapshot.query("PRAGMA integrity_check");
    if (!check.next() || check.get<std::string>(0) != "ok") return "the file is damaged";
    for (const auto& [what, count] : kPromises) {
      Rows rows = snapshot.query(count);
      rows.next();
      if (const auto found = rows.get<std::int64_t>(0); found != 0) return fmt::format("{} {}", found, what);
    }
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
    const Ending ending = work_until(scene, catalogue, work, death, at);
    std::string broken;
    try {
      broken = broken_promise(catalogue, ending.acknowledged);
    } catch (const std::exception& error) {
      broken = error.what();
    }
    out.acknowledged += ending.acknowledged.size();
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
