// SPDX-License-Identifier: Apache-2.0
// Ends a process at every write, sync, truncation and deletion that SQLite makes while the catalogue is written, in every
// use case and in recovery itself, as by kill -9 and as by a power cut. What is left must be the state after the last
// commit that was acknowledged or after the one that was being made, and keep every promise.
#include <fmt/format.h>

#include <iostream>
#include <random>

#include "registry/catalog/audit.h"
#include "registry/catalog/sqlite_session.h"
#include "registry/catalog/tokens.h"
#include "registry/catalog/write_queue.h"
#include "storage/base/error.h"
#include "tests/crash/campaign.h"
#include "tests/crash/catalogue_promises.h"
#include "tests/crash/catalogue_story.h"
#include "tests/crash/child.h"
#include "tests/support/catch.h"
#include "tests/support/killing_vfs.h"

namespace assay::test {
namespace {

using Chapter = CatalogueStory::Chapter;
namespace fs = std::filesystem;

CatalogueStory& story() {
  static CatalogueStory one;
  return one;
}

using Open = std::function<std::unique_ptr<Database>(const fs::path&)>;

std::unique_ptr<Database> open_as_always(const fs::path& catalogue) {
  auto database = open_sqlite_database(catalogue, kStoryOptions);
  database->migrate();
  return database;
}

// In a child: tells the chapter, each commit of which it acknowledges, and closes; dies at an operation of that, unless
// there are fewer.
Ending tell_until(const Chapter& chapter, const fs::path& catalogue, const Open& open, Death death, std::uint64_t seed,
                  std::size_t at) {
  return run_in_child([&](const Tell& tell) {
    use_killing_vfs(death, seed);
    const auto database = open(catalogue);
    ObservedDatabase observed(*database, [&] { tell("committed"); });
    die_at(at);
    story().tell(chapter, observed);
  });
}

std::string broken_state(Snapshot& snapshot, const Chapter& chapter, std::size_t acknowledged) {
  const CatalogueState found = state_of(snapshot);
  const CatalogueState& sure = chapter.states.at(acknowledged);
  const CatalogueState& begun = chapter.states.at(std::min(acknowledged + 1, chapter.states.size() - 1));
  if (found == sure || found == begun) return broken_promise(snapshot, sure.trail);
  for (std::size_t i = 0; i < acknowledged; ++i)
    if (found == chapter.states[i]) return fmt::format("commit {} was acknowledged and is gone", i + 1);
  return "half of a commit is there: " + difference(sure, found);
}

// What is broken after a death, as the next start finds it.
std::string broken_after(const Chapter& chapter, const fs::path& catalogue, std::size_t acknowledged) {
  try {
    return open_as_always(catalogue)->read(
        [&](Snapshot& snapshot) { return broken_state(snapshot, chapter, acknowledged); });
  } catch (const Error& error) {
    return error.message();
  }
}

struct Deaths {
  std::size_t count = 0;
  std::size_t acknowledged = 0;
  std::string broken{};  // the first

  void add(const Deaths& more) {
    count += more.count;
    acknowledged += more.acknowledged;
    if (broken.empty()) broken = more.broken;
  }
};

// Dies at one operation, unless there are fewer.
Deaths die_at_one(const Chapter& chapter, const Open& open, Death death, std::size_t at, std::uint64_t seed) {
  TempDir directory;
  const fs::path catalogue = directory / "catalog.db";
  fs::copy_file(chapter.before, catalogue);
  const Ending ending = tell_until(chapter, catalogue, open, death, seed + at, at);
  Deaths out{.count = ending.killed ? 1u : 0u, .acknowledged = ending.told.size()};
  if (const std::string broken = broken_after(chapter, catalogue, ending.told.size()); !broken.empty())
    out.broken = fmt::format("\"{}\", operation {}, seed {}: {}", chapter.name, at, seed + at, broken);
  return out;
}

// At every `step`-th operation, until something is broken.
Deaths die_in(const Chapter& chapter, const Open& open, Death death, std::size_t step, std::uint64_t seed = 0) {
  Deaths out;
  for (std::size_t at = 1;; at += step) {
    const Deaths one = die_at_one(chapter, open, death, at, seed);
    out.add(one);
    if (one.count == 0 || !out.broken.empty()) return out;
  }
}

Deaths die_everywhere(Death death, std::uint64_t seed = 0) {
  Deaths out;
  for (const Chapter& chapter : story().chapters()) out.add(die_in(chapter, open_as_always, death, 1, seed));
  return out;
}

// Once in every chapter.
Deaths die_somewhere(Death death, std::uint64_t seed) {
  Deaths out;
  std::mt19937_64 random(seed);
  for (const Chapter& chapter : story().chapters())
    out.add(die_at_one(chapter, open_as_always, death, 1 + random() % 40, seed));
  return out;
}

TEST_CASE("Catalogue: the story that crashes interrupt is whole: every chapter commits and keeps every promise") {
  CHECK(story().chapters().size() >= 30);
  for (const Chapter& chapter : story().chapters()) {
    INFO(chapter.name);
    CHECK(chapter.states.size() > 1);
    TempDir directory;
    fs::copy_file(chapter.before, directory / "catalog.db");
    const auto database = open_as_always(directory / "catalog.db");
    CHECK(state_of(*database) == chapter.states.front());
    story().tell(chapter, *database);
    CHECK(difference(state_of(*database), chapter.states.back()) == "");
    CHECK(database->read([](Snapshot& snapshot) { return broken_promise(snapshot); }) == "");
  }
}

TEST_CASE("Catalogue: kill -9 in every use case leaves all or nothing of a commit, and what was acknowledged") {
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  const Deaths deaths = die_somewhere(Death::kill, seed);
  CHECK(deaths.broken == "");
  CHECK(deaths.count > 10);
}

TEST_CASE("Catalogue: a power cut in every use case leaves all or nothing of a commit, and what was acknowledged") {
  const std::uint64_t seed = std::random_device()();
  CAPTURE(seed);
  const Deaths deaths = die_somewhere(Death::power_cut, seed);
  CHECK(deaths.broken == "");
  CHECK(deaths.count > 10);
}

// Dies as `chapter` is told, then at every `step`-th operation of the recovery from that.
Deaths die_recovering(const Chapter& chapter, std::size_t at, std::size_t step) {
  Deaths out;
  TempDir directory;
  const fs::path left = directory / "left";
  fs::create_directory(left);
  fs::copy_file(chapter.before, left / "catalog.db");
  const Ending ending = tell_until(chapter, left / "catalog.db", open_as_always, Death::kill, at, at);
  for (std::size_t place = 1; ending.killed; place += step) {
    const fs::path again = directory / fmt::format("{}", place);
    fs::copy(left, again);
    const Ending recovery = run_in_child([&](const Tell&) {
      use_killing_vfs(Death::power_cut, at * 1000 + place);
      die_at(place);
      open_as_always(again / "catalog.db");
    });
    const std::string broken = broken_after(chapter, again / "catalog.db", ending.told.size());
    if (out.broken.empty() && !broken.empty())
      out.broken = fmt::format("\"{}\", operation {}, then {}: {}", chapter.name, at, place, broken);
    if (!recovery.killed) break;
    ++out.count;
  }
  return out;
}

Deaths die_recovering_everywhere(std::size_t chapters, std::size_t step) {
  Deaths out;
  for (std::size_t i = 0; i < story().chapters().size(); i += chapters)
    for (const std::size_t at : {9, 18, 40}) out.add(die_recovering(story().chapters()[i], at, step));
  return out;
}

TEST_CASE("Catalogue: a power cut while it recovers from a crash loses nothing either") {
  const Deaths deaths = die_recovering_everywhere(13, 6);
  CHECK(deaths.broken == "");
  CHECK(deaths.count > 5);
}

TEST_CASE("Negative control: a disk that only says it has synced is found out") {
  const Deaths deaths = die_in(story().chapters().front(), open_as_always, Death::lying_disk, 3);
  CHECK_THAT(deaths.broken, Catch::Contains("was acknowledged and is gone"));
}

// As the catalogue would be with a setting that saves syncs: those of commits, not those of checkpoints.
class RelaxedDatabase final : public Database {
 public:
  explicit RelaxedDatabase(const fs::path& catalogue)
      : writer_(catalogue, SessionMode::write), reader_(catalogue, SessionMode::read),
        queue_(writer_, meter_, kStoryOptions) {}
  static std::unique_ptr<Database> open(const fs::path& catalogue) {
    return std::make_unique<RelaxedDatabase>(catalogue);
  }
  void migrate() override {}
  std::uint64_t commits() const override { return queue_.commits(); }

 private:
  struct Relaxed : Session {
    Relaxed(const fs::path& catalogue, SessionMode mode) : Session(catalogue, mode) {
      run("PRAGMA synchronous = NORMAL");
    }
  };
  void run_read(const std::function<void(Snapshot&)>& fn) override {
    reader_.step("BEGIN");
    Snapshot snapshot(reader_);
    fn(snapshot);
    reader_.roll_back();
  }
  void run_write(const std::function<void(Transaction&)>& fn) override { queue_.run(fn); }

  CatalogueMeter meter_;
  Relaxed writer_;
  Session reader_;
  WriteQueue queue_;
};

TEST_CASE("Negative control: synchronous=NORMAL loses acknowledged commits, and is found out") {
  const Deaths deaths = die_in(story().chapters().front(), RelaxedDatabase::open, Death::power_cut, 2);
  CHECK_THAT(deaths.broken, Catch::Contains("was acknowledged and is gone"));
}

TEST_CASE("Negative control: a change that is committed before its audit entry is found out") {
  const Chapter planted{.name = "a token, and then its audit entry", .work = [](const Services& on) {
                          const Id id = new_id(on.clock, on.entropy);
                          on.database.write([&](Transaction& transaction) {
                            insert_token(transaction, {id, Digest::of("secret"), "ci", {Role::reader, std::nullopt},
                                                       on.clock.now(), "ada", {}, {}, {}});
                          });
                          on.database.write([&](Transaction& transaction) {
                            append_audit(transaction, {.time = on.clock.now(),
                                                       .actor = "ada",
                                                       .action = "create_token",
                                                       .subject = "tokens/" + id.text()});
                          });
                        }};
  std::string found;
  std::size_t found_in = 0;
  for (std::size_t at = 1;; ++at) {
    TempDir directory;
    const fs::path catalogue = directory / "catalog.db";
    fs::copy_file(story().chapters().back().before, catalogue);
    const bool killed = tell_until(planted, catalogue, open_as_always, Death::kill, at, at).killed;
    if (const std::string broken = broken_promise(catalogue); !broken.empty()) {
      ++found_in;
      found = broken;
    }
    if (!killed || found_in == 3) break;
  }
  CHECK_THAT(found, Catch::Contains("+1 tokens"));
  CHECK(found_in == 3);
}

TEST_CASE("Campaign: deaths in every use case of the catalogue", "[.campaign]") {
  const std::size_t wanted = cycles(10'000);
  Deaths kills = die_everywhere(Death::kill), cuts, recoveries = die_recovering_everywhere(1, 1);
  for (std::uint64_t round = 0; cuts.count < wanted && cuts.broken.empty(); ++round)
    cuts.add(die_everywhere(Death::power_cut, round * 1'000'000));  // each with other losses
  const std::tuple<const char*, const Deaths&> all[] = {
      {"kills in every use case", kills}, {"power cuts in every use case", cuts}, {"power cuts of recovery", recoveries}};
  for (const auto& [what, deaths] : all) {
    std::cout << what << ": " << deaths.count << ", commits acknowledged: " << deaths.acknowledged
              << ", broken promises: " << (deaths.broken.empty() ? "0" : deaths.broken) << '\n';
    CHECK(deaths.broken == "");
  }
}

}  // namespace
}  // namespace assay::test
