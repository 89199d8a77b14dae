// SPDX-License-Identifier: Apache-2.0
// Ends a process, or lets an operation fail, while a catalogue of an earlier schema is upgraded: the next start finishes
// it, with the rows that an upgrade without interruption gives, and whatever copy was made before it is whole.
#include <fmt/format.h>

#include <cctype>
#include <cerrno>
#include <iostream>

#include "registry/catalog/audit.h"
#include "registry/catalog/sqlite_session.h"
#include "storage/base/error.h"
#include "tests/crash/catalogue_promises.h"
#include "tests/crash/catalogue_story.h"
#include "tests/crash/child.h"
#include "tests/support/catch.h"
#include "tests/support/killing_vfs.h"

namespace assay::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kOldSchema = 5;  // before promotions could wait, before search, before the trail had a tree

std::vector<std::string> column(Session& session, const std::string& sql) {
  std::vector<std::string> out;
  for (Rows rows(session, session.prepare_once(sql, {})); rows.next();) out.push_back(rows.get<std::string>(0));
  return out;
}

// Copies what `from` has into the tables of an earlier schema, but what moves by decisions alone.
void fill(Session& session, const fs::path& from) {
  session.run(fmt::format("ATTACH '{}' AS later", from.string()).c_str());
  session.run("BEGIN");
  for (const std::string& table :
       column(session, "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name "
                       "NOT IN ('decisions', 'stages', 'artifact_usage')")) {
    const auto names = column(session, fmt::format("SELECT name FROM pragma_table_info('{}', 'main')", table));
    const std::string columns = fmt::format("{}", fmt::join(names, ", "));
    session.run(
        fmt::format("INSERT INTO main.{0} ({1}) SELECT {1} FROM later.{0} ORDER BY 1", table, columns).c_str());
  }
  session.run("COMMIT");
  session.run("DETACH later");
}

// A catalogue of the old schema with the story's rows, and what becomes of it.
struct Upgrade {
  Upgrade() {
    SqliteOptions options;
    options.schema = migrations().first(kOldSchema);
    open_sqlite_database(old, options)->migrate();
    {
      Session session(old, SessionMode::write);
      fill(session, CatalogueStory().chapters().back().before);
    }
    before = state_of(*opened(old, options));
    const fs::path whole = directory / "whole.db";
    fs::copy_file(old, whole);
    after = state_of(*opened(whole));
  }

  static std::unique_ptr<Database> opened(const fs::path& catalogue, const SqliteOptions& options = {}) {
    auto database = open_sqlite_database(catalogue, options);
    database->migrate();
    return database;
  }

  TempDir directory;
  fs::path old = directory / "old.db";
  CatalogueState before, after;
};

Upgrade& upgrade() {
  static Upgrade one;
  return one;
}

// Copies made before a step are whole, and the first is the old catalogue.
std::string broken_copy(const fs::path& directory) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    // Neither unfinished ones nor SQLite's own files beside them.
    if (name.find(".before-schema-") == std::string::npos || std::isdigit(static_cast<unsigned char>(name.back())) == 0)
      continue;
    Session session(entry.path(), SessionMode::read);
    Snapshot snapshot(session);
    if (session.number("SELECT COUNT(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") != 0)
      return name + " is damaged";
    if (name.ends_with(std::to_string(kOldSchema + 1)) && state_of(snapshot) != upgrade().before)
      return name + " is not the catalogue as it was";
  }
  return "";
}

std::string broken_after(const fs::path& directory) {
  try {
    if (const std::string broken = broken_copy(directory); !broken.empty()) return broken;
    const auto database = Upgrade::opened(directory / "catalog.db");
    if (const auto found = state_of(*database); found != upgrade().after)
      return "the upgrade gave other rows: " + difference(upgrade().after, found);
    database->write([](Transaction& transaction) {
      append_audit(transaction, {.time = {}, .actor = "ada", .action = "look", .subject = "here"});
    });
    return "";
  } catch (const Error& error) {
    return error.message();
  }
}

// Upgrades in children, of which each dies or meets the fault at operation 1, 1 + step, …, until one meets nothing; how many
// did.
std::size_t interrupt(Death death, const std::optional<Fault>& fault, std::size_t step) {
  std::size_t count = 0;
  for (std::size_t at = 1;; at += step, ++count) {
    TempDir directory;
    const fs::path catalogue = directory / "catalog.db";
    fs::copy_file(upgrade().old, catalogue);
    const Ending ending = run_in_child([&](const Tell& tell) {
      use_killing_vfs(death, at);
      fault ? fail_at(at, *fault) : die_at(at);
      try {
        Upgrade::opened(catalogue);
      } catch (const Error& error) {
        if (error.code() != Code::full && error.code() != Code::unavailable) throw;
      }
      if (fault) tell(stop_failing().fault ? "met" : "nothing");
    });
    CAPTURE(at);
    CHECK(broken_after(directory.path()) == "");
    if (fault ? ending.told.at(0) == "nothing" : !ending.killed) return count;
  }
}

TEST_CASE("Upgrade: the catalogue that upgrades are tried on has rows of all kinds, and is whole afterwards") {
  for (const char* table : {"versions", "evidence", "runs", "audit", "tokens", "policies", "labels", "quotas"}) {
    INFO(table);
    CHECK(upgrade().before.tables.contains(table));
    CHECK(upgrade().before.tables.at(table) != Digest::of(std::string_view("")));
  }
  CHECK(upgrade().after.trail->size > 20);
  CHECK_FALSE(upgrade().before.trail);
}

TEST_CASE("Upgrade: kill -9 leaves a catalogue that the next start upgrades, and whole copies") {
  CHECK(interrupt(Death::kill, {}, 61) > 3);
}

TEST_CASE("Upgrade: a power cut leaves a catalogue that the next start upgrades, and whole copies") {
  CHECK(interrupt(Death::power_cut, {}, 53) > 3);
}

TEST_CASE("Upgrade: a failing operation is an error, and the next start upgrades") {
  CHECK(interrupt(Death::power_cut, Fault{EIO, false}, 89) > 2);
  CHECK(interrupt(Death::power_cut, Fault{ENOSPC, true}, 97) > 2);
  CHECK(interrupt(Death::power_cut, Fault{EMFILE, true}, 3) > 0);
}

TEST_CASE("Campaign: every operation of an upgrade", "[.campaign]") {
  const std::size_t kills = interrupt(Death::kill, {}, 1), cuts = interrupt(Death::power_cut, {}, 1);
  std::size_t failures = 0;
  for (const int error_number : {EIO, ENOSPC, EMFILE})
    for (const bool sticky : {false, true}) failures += interrupt(Death::power_cut, Fault{error_number, sticky}, 1);
  std::cout << "upgrades: " << kills << " kills, " << cuts << " power cuts, " << failures
            << " failing operations; broken promises are listed above, if any\n";
}

}  // namespace
}  // namespace assay::test
