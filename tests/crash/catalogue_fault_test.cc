// SPDX-License-Identifier: Apache-2.0
// Makes the k-th write, sync, truncation or opening of a file under the catalogue fail, once or from then on, in every use
// case. The caller must get a clear error, nothing may be half there, reads go on; after a sync that failed nothing is
// written any more until a restart, which recovers, and what is acknowledged after that survives a power cut.
#include <fmt/format.h>

#include <cerrno>
#include <iostream>
#include <limits>

#include "registry/catalog/audit.h"
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

constexpr Fault kFaults[] = {{EIO, false}, {EIO, true}, {ENOSPC, false}, {ENOSPC, true}, {EMFILE, false}, {EMFILE, true}};

CatalogueStory& story() {
  static CatalogueStory one;
  return one;
}

void require(bool holds, const std::string& what) {
  if (!holds) throw Error(Code::internal, what);
}

std::unique_ptr<Database> open_story(const fs::path& catalogue) {
  auto database = open_sqlite_database(catalogue, kStoryOptions);
  database->migrate();
  return database;
}

// A full disk is `full`, and every other failure of one `unavailable`; both say what to do.
void require_clear(const Error& error) {
  require(error.code() == Code::full || error.code() == Code::unavailable, "unclear: " + error.message());
  require(error.message().find("disk") != std::string::npos, "says nothing of the disk: " + error.message());
}

std::optional<Error> refusal(const std::function<void()>& attempt) {
  try {
    attempt();
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  }
}

struct Told {
  std::size_t committed = 0;
  std::optional<Error> error{};
  Met met{};
};

// Tells the chapter while operation `at` fails. What comes after in the same process: reads see what was committed, and
// writes are refused for good when a sync had failed.
Told tell_failing(const Chapter& chapter, const fs::path& catalogue, std::size_t at, const Fault& fault) {
  const auto database = open_story(catalogue);
  Told told;
  ObservedDatabase observed(*database, [&] { ++told.committed; });
  // A reader is open from now on, unless it is to meet a limit of open files.
  if (fault.error_number != EMFILE) database->read([](Snapshot&) {});
  fail_at(at, fault);
  told.error = refusal([&] { story().tell(chapter, observed); });
  // Behind whatever checkpoint the last commit called for.
  refusal([&] { database->write([](Transaction&) {}); });
  if (fault.error_number != EMFILE)
    require(state_of(*database) == chapter.states.at(told.committed), "reads do not go on while the disk fails");
  told.met = stop_failing();
  if (told.error) require_clear(*told.error);
  require(state_of(*database) == chapter.states.at(told.committed), "reads do not see what was committed");
  const auto refused = refusal([&] { database->write([](Transaction&) {}); });
  if (told.met.sync) require(refused.has_value(), "written after a sync that failed");
  if (refused) require(refused->message().find("restart") != std::string::npos, "refused, and not why: " + refused->message());
  if (!told.error) require(told.committed + 1 == chapter.states.size(), "no error, and not done");
  return told;
}

std::string text_of(const CatalogueState& state) {
  std::string out;
  for (const auto& [table, rows] : state.tables) out += table + rows.text();
  return Digest::of(out).text();
}

// The next start: it has what was committed, or also what was being committed, and takes one more change, which is told
// as the state that must be found from now on.
void restart(const Chapter& chapter, const fs::path& catalogue, std::size_t committed, const Tell& tell) {
  const auto database = open_story(catalogue);
  const CatalogueState found = state_of(*database);
  const std::size_t begun = std::min(committed + 1, chapter.states.size() - 1);
  require(found == chapter.states[committed] || found == chapter.states[begun],
          "half of a commit is there: " + difference(chapter.states[committed], found));
  database->write([&](Transaction& transaction) {
    append_audit(transaction, {.time = chapter.at, .actor = "ada", .action = "look", .subject = "here"});
  });
  tell(text_of(state_of(*database)));
  die_now();
}

struct Failures {
  std::size_t count = 0;
  std::size_t of_syncs = 0;
  std::string broken{};  // the first

  void add(const Failures& more) {
    count += more.count;
    of_syncs += more.of_syncs;
    if (broken.empty()) broken = more.broken;
  }
};

// The power went when the child had told the state that it `left`.
std::string broken_after(const fs::path& catalogue, const std::string& left) {
  const auto database = open_story(catalogue);
  if (text_of(state_of(*database)) != left) return "what was acknowledged after the restart is gone with the power";
  return database->read([](Snapshot& snapshot) { return broken_promise(snapshot); });
}

// At most `most` times. The child says what it met ("nothing", "sync", "other"), and what it left.
Failures fail_in(const Chapter& chapter, const Fault& fault, std::size_t first, std::size_t step,
                 std::size_t most = std::numeric_limits<std::size_t>::max()) {
  Failures out;
  for (std::size_t at = first; out.count < most; at += step) {
    TempDir directory;
    const fs::path catalogue = directory / "catalog.db";
    fs::copy_file(chapter.before, catalogue);
    try {
      const Ending ending = run_in_child([&](const Tell& tell) {
        use_killing_vfs(Death::power_cut, at);
        const Told told = tell_failing(chapter, catalogue, at, fault);
        tell(told.met.fault ? (told.met.sync ? "sync" : "other") : "nothing");
        restart(chapter, catalogue, told.committed, tell);
      });
      if (ending.told.size() != 2) throw std::runtime_error("the child told too little");
      if (const std::string broken = broken_after(catalogue, ending.told[1]); !broken.empty())
        throw std::runtime_error(broken);
      if (ending.told[0] == "nothing") return out;
      out.of_syncs += ending.told[0] == "sync" ? 1 : 0;
    } catch (const std::exception& error) {
      if (out.broken.empty())
        out.broken = fmt::format("\"{}\", operation {}, errno {}{}: {}", chapter.name, at, fault.error_number,
                                 fault.sticky ? " from then on" : "", error.what());
      return out;
    }
    ++out.count;
  }
  return out;
}

TEST_CASE("Catalogue: any failing operation is a clear error, leaves nothing half, and a failed sync ends all writing") {
  Failures all;
  std::size_t i = 0;
  for (const Chapter& chapter : story().chapters()) {
    all.add(fail_in(chapter, kFaults[i % std::size(kFaults)], i * 7 % 20 + 1, 1, 1));
    ++i;
  }
  CHECK(all.broken == "");
  CHECK(all.count > 10);
}

TEST_CASE("Catalogue: the sync of a commit and those of a checkpoint fail alike, with whatever error") {
  const Chapter& chapter = story().chapters().front();
  Failures all;
  for (const auto& [fault, first] : {std::pair(Fault{EIO, false}, 1), std::pair(Fault{ENOSPC, false}, 2)})
    all.add(fail_in(chapter, fault, static_cast<std::size_t>(first), 2));
  CHECK(all.broken == "");
  CHECK(all.of_syncs >= 3);
}

// Opens while operation `at` fails, over the log of a process that was killed; whether there is such an operation.
bool survives_opening(const Chapter& chapter, const fs::path& left, std::size_t at, const Fault& fault, std::size_t committed) {
  TempDir directory;
  const fs::path copy = directory / "copy";
  fs::copy(left, copy);
  const Ending ending = run_in_child([&](const Tell& tell) {
    use_killing_vfs(Death::power_cut, at);
    fail_at(at, fault);
    if (const auto error = refusal([&] { open_story(copy / "catalog.db"); })) require_clear(*error);
    tell(stop_failing().fault ? "met" : "nothing");
    restart(chapter, copy / "catalog.db", committed, tell);
  });
  REQUIRE(ending.told.size() == 2);
  CHECK(broken_after(copy / "catalog.db", ending.told[1]) == "");
  return ending.told[0] == "met";
}

TEST_CASE("Catalogue: any failing operation of opening it after a crash is a clear error, and the next attempt succeeds") {
  const Chapter& chapter = story().chapters().front();
  TempDir directory;
  const fs::path left = directory / "left";
  fs::create_directory(left);
  fs::copy_file(chapter.before, left / "catalog.db");
  const Ending ending = run_in_child([&](const Tell& tell) {
    use_killing_vfs(Death::kill, 0);
    const auto database = open_story(left / "catalog.db");
    ObservedDatabase observed(*database, [&] { tell("committed"); });
    story().tell(chapter, observed);
    die_now();
  });
  REQUIRE(ending.killed);
  for (const Fault& fault : kFaults) {
    CAPTURE(fault.error_number, fault.sticky);
    std::size_t met = 0;
    for (std::size_t at = fault.sticky ? 1 : 2; survives_opening(chapter, left, at, fault, ending.told.size()); at += 5)
      ++met;
    CHECK((met > 0 || fault.error_number == EMFILE));
  }
}

TEST_CASE("Campaign: every failing operation in every use case of the catalogue", "[.campaign]") {
  Failures all;
  for (const Fault& fault : kFaults)
    for (const Chapter& chapter : story().chapters()) all.add(fail_in(chapter, fault, 1, 1));
  std::cout << "failing operations: " << all.count << ", of them syncs: " << all.of_syncs
            << ", broken promises: " << (all.broken.empty() ? "0" : all.broken) << '\n';
  CHECK(all.broken == "");
}

}  // namespace
}  // namespace assay::test
