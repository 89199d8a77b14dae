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
#include "tests/support/pack_files.h"
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

// The path within the store of the pack that describes the blob.
std::string pack_of(const fs::path& root, const Digest& blob) {
  for (const test::OpenPack& pack : test::packs_of(*open_existing_files(root)))
    for (const PackBlob& row : pack.pack->contents.blobs)
      if (row.digest == blob) return pack.path();
  return "";
}

TEST_CASE("Fsck: reports damaged, stray and missing, and changes nothing") {
  test::TempDir directory;
  const fs::path root = directory / "blobs";
  const Digest sound = put(*open_local_blob_store(root), "sound").digest;
  const std::string bytes = test::table_bytes(2 * kMiB, 1);
  const Digest damaged = put(*open_local_blob_store(root), bytes).digest;
  const Digest missing = Digest::of("missing");
  open_local_blob_store(root);  // closes the packs
  std::vector<ChunkInfo> chunks;
  open_local_blob_store(root)->for_each_chunk(damaged,
                                              [&](const ChunkInfo& chunk) { chunks.push_back(chunk); });
  CHECK(test::damage(root, RecordKind::chunk, chunks[1].digest) == 1);
  std::ofstream(root / "packs/notes.txt") << "hello";
  std::ofstream(root / "stray") << "hello";
  fs::create_symlink("/etc/passwd", root / "packs/link.pack");
  fs::copy_file(root / pack_of(root, sound), root / layout::sealed_pack(std::string(32, '0')));
  fs::create_directory(root / "tmp/directory");
  std::ofstream(root / "tmp/0123") << "an upload that is going on";

  const auto before = snapshot(root);
  const Digest required[] = {sound, damaged, missing};
  const FsckReport report = fsck(root, {.required = required});
  CHECK(snapshot(root) == before);

  CHECK(report.blobs == 1);
  CHECK(report.unfinished == 1);
  const FsckProblem* record = find(report, pack_of(root, damaged));
  REQUIRE(record);
  CHECK(record->what.find(chunks[1].digest.text()) != std::string::npos);
  CHECK(find(report, "packs/notes.txt"));
  CHECK(find(report, "packs/link.pack"));
  CHECK(find(report, "stray"));
  CHECK(find(report, "tmp/directory"));
  REQUIRE(find(report, layout::sealed_pack(std::string(32, '0'))));  // a pack under another's name
  std::size_t of_damaged = 0, of_missing = 0;
  for (const FsckProblem& problem : report.problems) {
    of_damaged += problem.digest == damaged && problem.what.find("damaged") != std::string::npos;
    of_missing += problem.digest == missing;
  }
  CHECK(of_damaged == 1);
  CHECK(of_missing == 1);
  CHECK(report.problems.size() == 8);
}

TEST_CASE("Fsck: a directory that is missing is said so") {
  test::TempDir directory;
  const fs::path root = directory / "blobs";
  open_local_blob_store(root);
  fs::remove(root / "tmp");
  fs::remove(root / "dead");
  const FsckReport report = fsck(root);
  CHECK(find(report, "tmp"));
  CHECK(find(report, "dead"));
}

TEST_CASE("Fsck: a damaged footer is a problem though its records are sound") {
  test::TempDir directory;
  const fs::path root = directory / "blobs";
  const Digest digest = put(*open_local_blob_store(root), "abc").digest;
  open_local_blob_store(root);
  const std::string pack = pack_of(root, digest);
  test::flip_byte(root / pack, fs::file_size(root / pack) - 1);
  const FsckReport report = fsck(root);
  CHECK(report.blobs == 1);
  REQUIRE(find(report, pack));
  CHECK(find(report, pack)->what.find("damaged") != std::string::npos);
}

TEST_CASE("Fsck: a store that is being written is clean") {
  test::TempDir directory;
  const fs::path root = directory / "blobs";
  const auto store = open_local_blob_store(root);
  put(*store, "small");
  const std::string large = test::random_bytes(6 * kMiB, 2);
  const auto upload = store->begin_upload({});
  upload->write(test::as_span(large));
  const FsckReport report = fsck(root);
  CHECK(report.clean());
  CHECK(report.blobs == 1);
}

TEST_CASE("Fsck: a store of a later format, or none at all, is said so") {
  test::TempDir directory;
  open_local_blob_store(directory / "blobs");
  std::ofstream(directory / "blobs/format") << "assay blob store 2\n";
  CHECK(find(fsck(directory / "blobs"), "format"));
  CHECK_THROWS_AS(fsck(directory / "none"), Error);
}

}  // namespace
}  // namespace assay
