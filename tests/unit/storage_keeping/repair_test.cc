// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/repair.h"

#include "storage/blob/fsck.h"
#include "tests/unit/storage_keeping/stores.h"

namespace assay {
namespace {

using test::random_bytes;
using test::Store;

RepairReport repair(Store& store, RebuildIndex rebuild = RebuildIndex::where_damaged) {
  store.store.reset();
  RepairReport report = assay::repair(store.disk, store.entropy, rebuild);
  store.reopen();
  return report;
}

// Ten blobs in one sealed pack; their bytes.
std::vector<std::string> fill(Store& store) {
  std::vector<std::string> blobs;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    blobs.push_back(random_bytes(30'000, seed));
    store.add(blobs.back());
  }
  store.reopen();
  return blobs;
}

std::uint64_t records_in(Store& store) {
  return store->scrub({}).records;
}

std::size_t readable(Store& store, const std::vector<std::string>& blobs) {
  std::size_t count = 0;
  for (const std::string& bytes : blobs) {
    try {
      count += store.has(bytes) ? 1 : 0;
    } catch (const Error& error) {
      CHECK(error.code() == Code::corrupt);
    }
  }
  return count;
}

TEST_CASE("Repair: a sound store is left as it is") {
  Store store;
  const auto blobs = fill(store);
  const auto packs = store.packs();
  for (const RebuildIndex rebuild : {RebuildIndex::where_damaged, RebuildIndex::everywhere}) {
    const RepairReport report = repair(store, rebuild);
    CHECK(report.files.empty());
    CHECK(report.packs == 1);
    CHECK(report.records == records_in(store));
  }
  CHECK(store.packs() == packs);
  CHECK(readable(store, blobs) == 10);
}

TEST_CASE("Repair: one damaged record costs its blob and no other, and the pack is put aside") {
  Store store;
  const auto blobs = fill(store);
  const std::string pack = store.packs().at(0);
  store.flip(pack, 100'000);
  CHECK_FALSE(fsck(store.disk).clean());
  const RepairReport report = repair(store);
  REQUIRE(report.files.size() == 1);
  CHECK(report.files[0].path == pack);
  CHECK(report.files[0].saved == report.records - 1);
  CHECK(report.files[0].lost == 1);
  CHECK(store.disk.open(report.files[0].quarantined)->size() > 300'000);
  CHECK(readable(store, blobs) == 9);
  CHECK(repair(store).files.empty());
  // The damaged blob heals when it is uploaded again.
  for (const std::string& bytes : blobs) store.add(bytes);
  CHECK(readable(store, blobs) == 10);
  CHECK(fsck(store.disk).clean());
}

TEST_CASE("Repair: a footer that does not hold is made anew from the records, and nothing is lost") {
  Store store;
  const auto blobs = fill(store);
  const std::string pack = store.packs().at(0);
  store.flip(pack, store.disk.open(pack)->size() - 40);
  const RepairReport report = repair(store);
  REQUIRE(report.files.size() == 1);
  CHECK(report.files[0].saved == report.records);
  CHECK(report.files[0].lost == 0);
  CHECK(readable(store, blobs) == 10);
  CHECK(fsck(store.disk).clean());
}

TEST_CASE("Repair: records behind a damaged one are found also when footer and header are gone") {
  Store store;
  const auto blobs = fill(store);
  const std::string pack = store.packs().at(0);
  const std::uint64_t size = store.disk.open(pack)->size();
  for (const std::uint64_t offset : {std::uint64_t{3}, std::uint64_t{40}, std::uint64_t{95'000}, size - 40})
    store.flip(pack, offset);
  store.store.reset();
  const RepairReport report = assay::repair(store.disk, store.entropy, RebuildIndex::where_damaged);
  store.reopen();
  REQUIRE(report.files.size() == 1);
  CHECK(report.files[0].saved >= 20);
  CHECK(readable(store, blobs) >= 7);
  CHECK(readable(store, blobs) < 10);
}

TEST_CASE("Repair: a header is made anew, whichever of its bytes is wrong") {
  for (const std::uint64_t offset : {0, 8, 12, 31}) {
    INFO(offset);
    Store store;
    const auto blobs = fill(store);
    store.flip(store.packs().at(0), offset);
    const RepairReport report = repair(store);
    REQUIRE(report.files.size() == 1);
    CHECK(report.files[0].saved == report.records);
    CHECK(readable(store, blobs) == 10);
    CHECK(store->scrub({}).problems.empty());
    CHECK(fsck(store.disk).clean());
  }
}

TEST_CASE("Repair: a list of the dead that does not read is put aside, and the store opens again") {
  Store store;
  const auto blobs = fill(store);
  std::set<Digest> live;
  for (std::size_t i = 1; i < blobs.size(); ++i) live.insert(Digest::of(blobs[i]));
  test::collect(*store, live);
  const auto lists = store.disk.list(layout::kDead);
  REQUIRE(lists.size() == 1);
  store.flip("dead/" + lists[0].name, 20);
  store.store.reset();
  CHECK_THROWS_AS(LocalBlobStore(store.disk, store.entropy, 0), Error);
  const RepairReport report = assay::repair(store.disk, store.entropy, RebuildIndex::where_damaged);
  store.reopen();
  REQUIRE(report.files.size() == 1);
  CHECK(report.files[0].quarantined.find("quarantine/") == 0);
  CHECK(readable(store, {blobs.begin() + 1, blobs.end()}) == 9);
  CHECK(test::collect(*store, live).dead_blobs == 1);
}

TEST_CASE("Repair: interrupted at any operation and done again, it saves the same") {
  for (std::size_t cut = 1;; ++cut) {
    INFO(cut);
    Store store;
    const auto blobs = fill(store);
    store.flip(store.packs().at(0), 100'000);
    store.store.reset();
    store.disk.cut_power_at(store.disk.operations() + cut);
    bool interrupted = false;
    try {
      assay::repair(store.disk, store.entropy, RebuildIndex::where_damaged);
    } catch (const Error&) {
      interrupted = true;
    }
    store.disk.restart(cut);
    assay::repair(store.disk, store.entropy, RebuildIndex::where_damaged);
    store.reopen();
    CHECK(readable(store, blobs) == 9);
    if (!interrupted) {
      CHECK(cut > 5);
      break;
    }
  }
}

TEST_CASE("Repair: no store is not found") {
  test::SimulatedDisk disk;
  SystemEntropy entropy;
  CHECK_THROWS_AS(assay::repair(disk, entropy, RebuildIndex::where_damaged), Error);
}

}  // namespace
}  // namespace assay
