// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/fsck.h"

#include <algorithm>
#include <fstream>
#include <map>

#include "storage/base/byte_size.h"
#include "storage/base/error.h"
#include "storage/blob/local_blob_store.h"
#include "storage/blob/local_layout.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/temp_dir.h"

namespace assay {
namespace {

namespace fs = std::filesystem;

std::map<std::string, fs::file_time_type> snapshot(const fs::path& directory) {
  std::map<std::string, fs::file_time_type> entries;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    entries[entry.path().string()] = fs::last_write_time(entry);
  return entries;
}

const FsckProblem* find(const FsckReport& report, const std::string& path) {
  const auto found = std::find_if(report.problems.begin(), report.problems.end(),
                                  [&](const FsckProblem& problem) { return problem.path == path; });
  return found == report.problems.end() ? nullptr : &*found;
}

TEST_CASE("Fsck: a sound store is clean, and its totals are the store's") {
  test::TempDir directory;
  const auto store = open_local_blob_store(directory / "blobs");
  for (std::uint64_t seed = 0; seed < 5; ++seed) put(*store, test::table_bytes(seed * 500000, seed));
  std::uint64_t calls = 0;
  const FsckReport report = fsck(directory / "blobs", {.progress = [&](const FsckReport&) { ++calls; }});
  CHECK(report.clean());
  CHECK(calls == 5);
  CHECK((BlobTotals{report.blobs, report.raw_bytes, report.stored_bytes} == store->totals()));
}

TEST_CASE("Fsck: reports damaged, misplaced, stray and missing, and changes nothing") {
  test::TempDir directory;
  const fs::path root = directory / "blobs";
  const auto store = open_local_blob_store(root);
  const Digest sound = put(*store, "sound").digest;
  const Digest damaged = put(*store, test::table_bytes(2 * kMiB, 1)).digest;
  const Digest missing = Digest::of("missing");
  {
    std::fstream file(root / layout::blob(damaged), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1000);
    file.put('!');
  }
  std::ofstream(root / "sha256/ab/notes.txt") << "hello";
  std::ofstream(root / "stray") << "hello";
  fs::copy_file(root / layout::blob(sound), root / layout::shard(0) / Digest::of("other").hex());
  fs::create_symlink("/etc/passwd", root / layout::blob(Digest::of("link")));
  fs::remove_all(root / layout::shard(1));
  std::ofstream(root / "tmp/0123") << "an upload that is going on";

  const auto before = snapshot(root);
  const Digest required[] = {sound, damaged, missing};
  const FsckReport report = fsck(root, {.required = required});
  CHECK(snapshot(root) == before);

  CHECK(report.blobs == 1);
  CHECK(report.unfinished == 1);
  CHECK(report.problems.size() == 7);
  REQUIRE(find(report, layout::blob(damaged)));
  CHECK(find(report, layout::blob(damaged))->digest == damaged);
  CHECK(find(report, layout::blob(damaged))->what.find("block 0") != std::string::npos);
  CHECK(find(report, "sha256/ab/notes.txt"));
  CHECK(find(report, "stray"));
  CHECK(find(report, layout::shard(0) + "/" + Digest::of("other").hex()));
  CHECK(find(report, layout::blob(Digest::of("link"))));
  CHECK(find(report, layout::shard(1)));
  REQUIRE(find(report, ""));
  CHECK(find(report, "")->digest == missing);
}

TEST_CASE("Fsck: a store of a later format, or none at all, is said so") {
  test::TempDir directory;
  open_local_blob_store(directory / "blobs");
  std::ofstream(directory / "blobs/format") << "assay blob store 1\n";
  CHECK(find(fsck(directory / "blobs"), "format"));
  CHECK_THROWS_AS(fsck(directory / "none"), Error);
}

}  // namespace
}  // namespace assay
