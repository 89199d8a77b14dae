// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/pack_upload.h"

#include <cerrno>
#include <filesystem>

#include "storage/base/error.h"
#include "storage/blob/fsck.h"
#include "storage/blob/local_blob_store.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/hooked_files.h"
#include "tests/support/pack_files.h"
#include "tests/support/simulated_disk.h"
#include "tests/support/temp_dir.h"

namespace assay {
namespace {

using test::as_span;
using test::random_bytes;
using test::table_bytes;

// Packs of 300 KB for large uploads, and large is what takes more than 100 KB.
constexpr PackSizes kSmall{.own = 300000, .shared = 100000, .shared_upload = 100000};

std::uint64_t bytes_in(const test::SimulatedDisk& disk) {
  std::uint64_t size = 0;
  for (const auto& [path, bytes] : disk.tree()) size += bytes.size();
  return size;
}

TEST_CASE("Pack upload: one that is dropped, at any point, leaves no byte and no temporary") {
  test::SimulatedDisk disk;
  SystemEntropy entropy;
  LocalBlobStore store(disk, entropy, 0, kSmall);
  put(store, "kept");
  const std::uint64_t before = bytes_in(disk);
  const std::string bytes = random_bytes(2000000, 1);
  for (const std::size_t size : {0u, 1u, 50000u, 150000u, 400000u, 1000000u, 2000000u}) {
    {
      const auto upload = store.begin_upload({});
      upload->write(as_span(bytes).first(size));
    }
    CAPTURE(size);
    CHECK(disk.list("tmp").empty());
    CHECK(bytes_in(disk) == before);
    CHECK(store.totals().blobs == 1);
  }
}

TEST_CASE("Pack upload: a wrong digest or size leaves no byte, small or large") {
  test::SimulatedDisk disk;
  SystemEntropy entropy;
  LocalBlobStore store(disk, entropy, 0, kSmall);
  const std::uint64_t before = bytes_in(disk);
  for (const std::size_t size : {1000u, 1000000u}) {
    const std::string bytes = random_bytes(size, 2);
    for (const UploadOptions& options :
         {UploadOptions{.digest = Digest::of("other")}, UploadOptions{.size = size + 1}}) {
      const auto upload = store.begin_upload(options);
      upload->write(as_span(bytes));
      CHECK_THROWS_AS(upload->finish(), Error);
      CHECK(disk.list("tmp").empty());  // at once, not only when it is destroyed
      CHECK(bytes_in(disk) == before);
      CHECK_FALSE(store.stat(Digest::of(bytes)));
    }
  }
}

TEST_CASE("Pack upload: what repeats within an upload is stored once") {
  test::SimulatedDisk disk;
  SystemEntropy entropy;
  LocalBlobStore store(disk, entropy, 0);
  const std::string part = random_bytes(600000, 3);
  const std::string bytes = part + part + part + part;
  const BlobInfo info = put(store, bytes);
  CHECK(info.stored_size < 2 * part.size());
  CHECK(read_all(store, info.digest, bytes.size()) == bytes);
  std::size_t copies = 0;
  std::set<Digest> ids;
  for (const test::OpenPack& pack : test::packs_of(disk))
    for (const PackEntry& entry : pack.pack->contents.entries) {
      ++copies;
      ids.insert(entry.id);
    }
  CHECK(copies == ids.size());
}

TEST_CASE("Pack upload: a large one fills several packs, and its stored size is all that it added") {
  test::SimulatedDisk disk;
  SystemEntropy entropy;
  const std::string bytes = random_bytes(2000000, 4);
  for (const std::size_t threads : {0u}) {
    LocalBlobStore store(disk, entropy, threads, kSmall);
    const BlobInfo info = put(store, bytes);
    CHECK(info.stored_size == store.totals().stored_bytes);
    CHECK(test::packs_of(disk).size() >= 4);
    CHECK(disk.list("tmp").empty());
    CHECK(read_all(store, info.digest, bytes.size()) == bytes);
  }
  LocalBlobStore store(disk, entropy, 0);
  CHECK(read_all(store, Digest::of(bytes), bytes.size()) == bytes);
  CHECK(fsck(disk).clean());
}

TEST_CASE("Pack upload: packs that a failed publish left are known, so that a collection can free them") {
  test::SimulatedDisk disk;
  std::size_t renames = 0;
  bool armed = true;
  test::HookedFiles files(disk, [&](auto operation, auto path) {
    if (armed && operation == "rename" && path.starts_with("packs/") && ++renames == 3)
      throw system_error("Test fault", ENOSPC);
  });
  SystemEntropy entropy;
  LocalBlobStore store(files, entropy, 0, kSmall);
  const std::string bytes = random_bytes(2000000, 5);
  CHECK_THROWS_AS(put(store, bytes), Error);
  armed = false;
  CHECK_FALSE(store.stat(Digest::of(bytes)));
  CHECK(disk.list("tmp").empty());
  std::uint64_t left = 0;
  for (const test::OpenPack& pack : test::packs_of(disk))
    for (const PackEntry& entry : pack.pack->contents.entries) left += entry.size();
  CHECK(left > 0);
  CHECK(store.totals().stored_bytes == left);
  const BlobInfo info = put(store, bytes);  // and to be used by the next attempt
  CHECK(info.stored_size < bytes.size() - left / 2);
}

TEST_CASE("Pack upload: bytes stored twice by uploads that ran side by side are one blob") {
  test::SimulatedDisk disk;
  SystemEntropy entropy;
  LocalBlobStore store(disk, entropy, 0, kSmall);
  for (const std::size_t size : {1000u, 1000000u}) {
    const std::string bytes = table_bytes(size, 6);
    const auto one = store.begin_upload({}), other = store.begin_upload({});
    one->write(as_span(bytes));
    other->write(as_span(bytes));
    const BlobInfo info = one->finish();
    CHECK(other->finish() == info);
    CHECK(read_all(store, info.digest, size) == bytes);
  }
  CHECK(store.totals().blobs == 2);
}

TEST_CASE("Pack upload: what is stored is read where it is not trusted, and damage nobody knew of heals") {
  const std::string bytes = table_bytes(1000000, 7);
  const Digest digest = Digest::of(bytes);
  test::TempDir directory;
  const auto root = directory / "blobs";
  put(*open_local_blob_store(root), bytes);
  open_local_blob_store(root);  // closes the pack
  std::vector<PackEntry> victims;
  for (const test::OpenPack& pack : test::packs_of(*open_existing_files(root)))
    for (const PackEntry& entry : pack.pack->contents.entries) victims.push_back(entry);
  REQUIRE(victims.size() > 3);
  for (const PackEntry& victim : victims) REQUIRE(test::damage(root, victim.kind, victim.id) == 1);
  const auto upload = [&](Stored stored) {
    const auto store = open_local_blob_store(root);
    const auto one = store->begin_upload({.digest = digest, .stored = stored});
    one->write(as_span(bytes));
    one->finish();
  };
  upload(Stored::trusted);
  CHECK_THROWS_AS(open_local_blob_store(root)->check(digest), Error);
  upload(Stored::checked);
  CHECK_NOTHROW(open_local_blob_store(root)->check(digest));
  const BlobTotals before = open_local_blob_store(root)->totals();
  upload(Stored::checked);
  CHECK(open_local_blob_store(root)->totals() == before);
}

TEST_CASE("Pack upload: uploading a blob again heals any of its records, and stores no other anew") {
  const std::string bytes = table_bytes(1000000, 7);
  const Digest digest = Digest::of(bytes);
  for (const RecordKind kind : {RecordKind::chunk, RecordKind::page, RecordKind::blob}) {
    test::TempDir directory;
    const auto root = directory / "blobs";
    put(*open_local_blob_store(root), bytes);
    open_local_blob_store(root);  // closes the pack
    std::optional<PackEntry> victim;
    for (const test::OpenPack& pack : test::packs_of(*open_existing_files(root)))
      for (const PackEntry& entry : pack.pack->contents.entries)
        if (entry.kind == kind) victim = entry;
    REQUIRE(victim);
    REQUIRE(test::damage(root, kind, victim->id) == 1);
    {
      const auto store = open_local_blob_store(root);
      CHECK_THROWS_AS(store->check(digest), Error);  // which notes the damage
      const BlobTotals before = store->totals();
      put(*store, bytes);
      CHECK_NOTHROW(store->check(digest));
      CHECK(store->totals().blobs == 1);
      CHECK(store->totals().stored_bytes == before.stored_bytes + victim->size());
    }
    CHECK_NOTHROW(open_local_blob_store(root)->check(digest));
  }
}

}  // namespace
}  // namespace assay
