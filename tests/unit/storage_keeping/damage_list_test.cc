// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/damage_list.h"

#include <cerrno>

#include "storage/blob/fsck.h"
#include "storage/blob/repair.h"
#include "tests/support/hooked_files.h"
#include "tests/unit/storage_keeping/stores.h"

namespace assay {
namespace {

using test::edited_table;
using test::random_bytes;
using test::Store;
using test::table_bytes;

const std::string kBytes = random_bytes(40'000, 1);

// A store with kBytes in a sealed pack, of whose only chunk a bit is wrong.
struct DamagedStore : Store {
  DamagedStore() {
    add(kBytes);
    reopen();
    pack = packs().at(0);
    flip(pack, 2000);
    reopen();
  }
  // Whether reading says that the blob is damaged.
  bool fails() {
    try {
      return !has(kBytes);
    } catch (const Error& error) {
      CHECK(error.code() == Code::corrupt);
      CHECK(error.message().find(pack.substr(6, 32)) != std::string::npos);
      return true;
    }
  }
  std::size_t lists() const {
    for (const FileEntry& entry : disk.list(""))
      if (entry.name == layout::kDamaged) return disk.list(layout::kDamaged).size();
    return 0;
  }
  std::string list() const { return "damaged/" + disk.list(layout::kDamaged).at(0).name; }

  std::string pack;
};

TEST_CASE("Damage list: after a restart too, no upload relies on what was found damaged") {
  for (const bool scrubbed : {false, true}) {
    INFO(scrubbed);
    DamagedStore store;
    if (scrubbed)
      CHECK(store->scrub({}).problems.size() == 1);
    else
      CHECK(store.fails());
    store.reopen();
    store.add(kBytes);
    CHECK(store.has(kBytes));
    store.reopen();
    CHECK(store.has(kBytes));
  }
}

TEST_CASE("Damage list: a collection keeps the copy that can be read, remembered or not which it is") {
  for (int round = 0; round < 12; ++round) {  // packs have random names, and the first is what readers get
    INFO(round);
    DamagedStore store;
    CHECK(store.fails());
    store.add(kBytes);
    store.reopen();
    if (round % 2 == 0) store.disk.remove(store.list());
    store.reopen();
    for (int i = 0; i < 2; ++i) test::collect(*store, {Digest::of(kBytes)});
    store.reopen();
    CHECK(store.has(kBytes));
  }
}

TEST_CASE("Damage list: what a damaged chunk is decoded with stays as long as it, for its pack may be put back") {
  Store store;
  const Digest old = store.add(table_bytes(400'000, 1));
  const std::string edited = edited_table(400'000, 1);
  const Digest fresh = store.add(edited, {old});
  store.reopen();
  const std::string pack = store.packs().at(0);
  std::set<std::uint64_t> children;
  store->for_each_chunk(fresh, [&](const ChunkInfo& chunk) {
    const auto place = store->explain(chunk.digest).places.at(0);
    if (!place.parents.empty()) children.insert(place.offset + place.stored_bytes - 1);
  });
  REQUIRE_FALSE(children.empty());
  for (const std::uint64_t at : children) store.flip(pack, at);
  store.reopen();
  CHECK(store->scrub({}).problems.size() == children.size());
  for (const std::uint64_t at : children) store.flip(pack, at);
  store.reopen();
  CHECK_THROWS_AS(store.has(edited), Error);
  store->collect_garbage({.roots = [&](const auto& keep) { keep(fresh); }, .live_share = 1});
  CHECK(store->scrub({}).problems.empty());
  CHECK(store.has(edited));
}

TEST_CASE("Damage list: a scrub takes back what is sound again, for good") {
  DamagedStore store;
  CHECK(store.fails());
  store.flip(store.pack, 2000);
  store.reopen();
  CHECK(store.fails());  // nobody has looked
  CHECK(store->scrub({}).problems.empty());
  CHECK(store->scrub({}).damaged_blobs.empty());
  CHECK_FALSE(store.fails());
  CHECK(store.lists() == 0);
  store.reopen();
  CHECK_FALSE(store.fails());
}

TEST_CASE("Damage list: a repair ends them, and so does the end of the packs that they speak of") {
  DamagedStore store;
  CHECK(store.fails());
  CHECK(store.lists() == 1);
  SECTION("a repair") {
    store.store.reset();
    repair(store.disk, store.entropy, RebuildIndex::where_damaged);
    CHECK(store.lists() == 0);
  }
  SECTION("a collection") {
    CHECK(test::collect(*store, {}).packs_removed == 1);
    store.reopen();
    CHECK(store.lists() == 0);
  }
}

TEST_CASE("Damage list: several become one when the store opens") {
  DamagedStore store;
  CHECK(store.fails());
  const std::string more = random_bytes(40'000, 2);
  store.add(more);
  store.reopen();
  for (const std::string& pack : store.packs())
    if (pack != store.pack) store.flip(pack, 2000);
  store.reopen();
  CHECK_THROWS_AS(store.has(more), Error);
  CHECK(store.lists() == 2);
  store.reopen();
  CHECK(store.lists() == 1);
  CHECK(read_damage_lists(store.disk).rows.size() == 2);
}

TEST_CASE("Damage list: one that does not hold, or ends in a row, keeps nothing from opening") {
  DamagedStore store;
  CHECK(store.fails());
  REQUIRE(store.disk.open(store.list())->size() == 32);
  for (std::uint64_t at = 0; at < 32; ++at) {
    store.flip(store.list(), at);
    const FsckReport report = fsck(store.disk);
    CHECK(std::count_if(report.problems.begin(), report.problems.end(),
                        [](const FsckProblem& problem) { return problem.path == layout::kDamaged; }) == 1);
    store.reopen();
    CHECK(store.lists() == 0);
    CHECK(store.fails());  // found anew, and noted anew
    REQUIRE(store.lists() == 1);
  }
  store.replace(store.list(), "a row's beginning");
  store.reopen();
  CHECK(store.fails());
}

TEST_CASE("Damage list: where none can be written, damage is told all the same, and known until the end") {
  DamagedStore store;
  bool full = true;
  test::HookedFiles files(store.disk, [&](std::string_view operation, std::string_view path) {
    if (full && path.starts_with("damaged") && operation != "list") throw system_error("Writing", ENOSPC);
  });
  LocalBlobStore tight(files, store.entropy, 0);
  CHECK_THROWS_AS(read_all(tight, Digest::of(kBytes), kMaxBlobSize), Error);
  CHECK(tight.writable());
  put(tight, kBytes);
  CHECK(read_all(tight, Digest::of(kBytes), kMaxBlobSize) == kBytes);
  CHECK(store.lists() == 0);
}

TEST_CASE("Damage list: power cut at every operation of noting damage, and of a scrub that takes it back") {
  for (const bool taking_back : {false, true})
    for (std::size_t cut = 1;; ++cut) {
      CAPTURE(taking_back, cut);
      DamagedStore store;
      if (taking_back) {
        CHECK(store.fails());
        store.flip(store.pack, 2000);
        store.reopen();
      }
      const std::size_t before = store.disk.operations();
      store.disk.cut_power_at(before + cut);
      if (taking_back)
        store->scrub({});
      else
        CHECK(store.fails());
      const bool interrupted = store.disk.operations() >= before + cut;
      store.disk.restart(cut);
      store.reopen();
      store.add("other");
      store.add(kBytes);
      if (store.fails()) store.add(kBytes);
      CHECK(store.has(kBytes));
      CHECK(store.has("other"));
      if (interrupted) continue;
      CHECK(cut > 2);
      break;
    }
}

}  // namespace
}  // namespace assay
