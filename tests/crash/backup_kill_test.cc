// SPDX-License-Identifier: Apache-2.0
// Ends a process while it renews a backup: at every operation of the catalogue's copy, and after every piece of a file. The
// backup that was there restores, or the new one does.
#include <fmt/format.h>
#include <signal.h>

#include <filesystem>

#include "registry/daemon/backup.h"
#include "storage/base/error.h"
#include "storage/blob/local_blob_store.h"
#include "tests/crash/catalogue_story.h"
#include "tests/crash/child.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/killing_vfs.h"

namespace assay::test {
namespace {

namespace fs = std::filesystem;

// A data directory of which there is a backup, and which has changed since.
struct Backed {
  Backed() {
    CatalogueStory story;
    fs::create_directory(data);
    become(story.chapters()[8], 1);
    daemon::back_up(data, backup);
    before = story.chapters()[8].states.front();
    become(story.chapters().back(), 2);
    after = story.chapters().back().states.front();
  }

  void become(const CatalogueStory::Chapter& chapter, std::uint64_t seed) const {
    fs::copy_file(chapter.before, data / "catalog.db", fs::copy_options::overwrite_existing);
    put(*open_local_blob_store(data / "blobs"), random_bytes(100'000, seed));
  }

  TempDir directory;
  fs::path data = directory / "data", backup = directory / "backup";
  CatalogueState before, after;
};

// The catalogue that the backup has, which must restore.
CatalogueState restored(const fs::path& backup, const fs::path& scratch) {
  daemon::restore(backup, scratch / "restored");
  fs::copy_file(backup / daemon::read_backup(backup).catalogue, scratch / "catalog.db");
  const auto database = open_sqlite_database(scratch / "catalog.db");
  database->migrate();
  return state_of(*database);
}

// Renews the backup in children, the one numbered `at` of which is to die at what `arm` makes of it; how many died.
std::size_t die_renewing(const Backed& backed, std::size_t step,
                         const std::function<daemon::BackupProgress(std::size_t at)>& arm) {
  std::size_t count = 0;
  for (std::size_t at = 1;; at += step, ++count) {
    TempDir scratch;
    const fs::path backup = scratch / "backup";
    fs::copy(backed.backup, backup, fs::copy_options::recursive);
    const Ending ending = run_in_child([&](const Tell&) { daemon::back_up(backed.data, backup, arm(at)); });
    CAPTURE(at);
    const CatalogueState found = restored(backup, scratch.path());
    CHECK((found == backed.after || (ending.killed && found == backed.before)));
    if (!ending.killed) return count;
  }
}

TEST_CASE("Backup: kill -9 while one is renewed leaves one that restores") {
  const Backed backed;
  CHECK(die_renewing(backed, 13, [](std::size_t at) -> daemon::BackupProgress {
          use_killing_vfs(Death::kill, at);
          die_at(at);
          return {};
        }) > 5);
  CHECK(die_renewing(backed, 1, [](std::size_t at) -> daemon::BackupProgress {
          return [at, count = std::size_t{0}](std::uint64_t, std::uint64_t) mutable {
            if (++count == at) raise(SIGKILL);
          };
        }) >= 3);
}

}  // namespace
}  // namespace assay::test
