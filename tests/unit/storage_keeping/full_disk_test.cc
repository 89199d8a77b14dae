// SPDX-License-Identifier: Apache-2.0
// What can be done on a disk without a byte of room: opening, reading, and freeing.
#include "storage/blob/collect_garbage.h"
#include "storage/blob/fsck.h"
#include "tests/unit/storage_keeping/stores.h"

namespace assay {
namespace {

using test::collect;
using test::edited_table;
using test::random_bytes;
using test::Store;
using test::table_bytes;

constexpr std::size_t kLarge = kSharedUpload + 300'000;  // a pack of its own

// Reads whole, or is not there.
bool is_whole_or_gone(Store& store, const std::string& bytes) {
  return !store->stat(Digest::of(bytes)) || store.has(bytes);
}

TEST_CASE("Full disk: packs in which everything is dead go, and their room is there at once") {
  Store store;
  const std::string live = random_bytes(kLarge, 1), dead = random_bytes(kLarge, 2);
  store.add(live);
  store.add(dead);
  store.disk.leave_room(0);
  const GcReport report = collect(*store, {Digest::of(live)});
  CHECK(report.packs_removed == 1);
  CHECK(report.freed_bytes > kLarge);
  CHECK(report.dead_bytes > kLarge);
  CHECK_NOTHROW(store.add(random_bytes(kLarge / 4, 3)));
  store.reopen();
  CHECK(store.has(live));
  CHECK_FALSE(store->stat(Digest::of(dead)));
  CHECK(fsck(store.disk).clean());
}

TEST_CASE("Full disk: dead packs make the room that rewriting others takes") {
  Store store;
  const std::set<Digest> live = add_five_times_the_live(store);
  store.add(random_bytes(kLarge, 30));
  store.disk.leave_room(0);
  const GcReport report = collect(*store, live);
  CHECK(report.packs_removed == 1);
  CHECK(report.packs_rewritten == 1);
  CHECK(report.packs_without_room == 0);
  store.reopen();
  CHECK(keeps_the_live_alone(store));
}

// A version, one that is stored as its difference, and one that shares chunks with both, each in a pack of its own.
std::vector<std::string> add_family(Store& store) {
  const std::string first = table_bytes(1'000'000, 1);
  std::vector<std::string> family = {first, edited_table(1'000'000, 1), ""};
  family[2] = family[1].substr(0, 500'000) + random_bytes(50'000, 5) + first.substr(500'000);
  store.store = std::make_unique<LocalBlobStore>(store.disk, store.entropy, 0, PackSizes{.shared_upload = 4'000});
  for (std::size_t i = 0; i < family.size(); ++i)
    store.add(family[i], i == 0 ? std::vector<Digest>() : std::vector{Digest::of(family[i - 1])});
  return family;
}

TEST_CASE("Full disk: dead packs that need each other go in an order in which no blob comes back without its bytes") {
  Store made;
  const std::string live = random_bytes(kLarge, 9);
  made.add(live);
  made.store.reset();
  const auto dead = add_family(made);
  made.store.reset();
  const auto tree = made.disk.tree();
  std::size_t packs = 0;
  for (const auto& [path, bytes] : tree) packs += path.ends_with(".pack");
  REQUIRE(packs == 4);
  for (std::size_t cut = 1;; ++cut) {
    CAPTURE(cut);
    Store store;
    store.store.reset();
    store.disk = test::SimulatedDisk(tree);
    store.reopen();
    store.disk.leave_room(0);
    const std::size_t before = store.disk.operations();
    store.disk.cut_power_at(before + cut);
    bool interrupted = false;
    try {
      const GcReport report = collect(*store, {Digest::of(live)});
      CHECK(report.packs_removed == 3);
    } catch (const Error&) {
      interrupted = true;
    }
    store.disk.restart(cut);
    store.reopen();
    CHECK(store.has(live));
    for (const std::string& bytes : dead) CHECK(is_whole_or_gone(store, bytes));
    if (interrupted) continue;
    CHECK(cut > 5);
    break;
  }
}

TEST_CASE("Full disk: a dead blob in a pack that stays holds its chunks' packs until there is room for a note of it") {
  Store store;
  const std::string large = random_bytes(kLarge, 1);
  const std::string small = large.substr(0, 2'000'000) + "an end of its own";  // of the same chunks
  store.add(large);
  store.add(small);
  const std::string live = random_bytes(900'000, 2);
  store.add(live);
  store.reopen();
  store.disk.leave_room(0);
  try {
    collect(*store, {Digest::of(live)});
    FAIL("freed");
  } catch (const Error& error) {
    CHECK(error.code() == Code::full);
    CHECK(error.message().find("Free a little space") != std::string::npos);
  }
  CHECK(store.disk.list("tmp").empty());
  store.reopen();
  CHECK(store.has(live));
  for (const std::string& bytes : {large, small}) CHECK(is_whole_or_gone(store, bytes));
  store.disk.leave_room(4096);
  CHECK(collect(*store, {Digest::of(live)}).packs_removed == 1);
  store.reopen();
  CHECK(store.has(live));
  CHECK(store->totals().blobs == 1);
}

TEST_CASE("Full disk: with little room packs are rewritten one by one, the least live first") {
  for (const std::uint64_t room : {150'000, 50'000}) {
    INFO(room);
    Store store;
    std::set<Digest> live;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {  // 400 kB of the first pack are live, 100 kB of the second
      const Digest digest = store.add(random_bytes(100'000, seed));
      if (seed < 20 ? seed % 5 == 0 : seed == 20) live.insert(digest);
      if (seed == 19) store.reopen();
    }
    store.reopen();
    store.disk.leave_room(room);
    const GcReport report = collect(*store, live);
    CHECK(report.packs_rewritten == (room > 100'000 ? 2 : 0));
    CHECK(report.packs_without_room == (room > 100'000 ? 0 : 2));
    CHECK(store.disk.list("tmp").empty());
    store.reopen();
    CHECK(store->totals().blobs == live.size());
    for (const Digest& digest : live) CHECK_NOTHROW(store->check(digest));
  }
}

TEST_CASE("Full disk: a store opens with a pack that it cannot close, and closes it when there is room") {
  Store store;
  const std::string bytes = random_bytes(100'000, 1);
  store.add(bytes);
  store.disk.leave_room(0);
  store.reopen();
  CHECK(store.has(bytes));
  CHECK(store->scrub({}).problems.empty());
  CHECK_THROWS_AS(store.add("more"), Error);
  collect(*store, {Digest::of(bytes)});
  store.reopen();
  CHECK(store.has(bytes));
  store.disk.leave_room(1'000'000);
  store.add("more");
  store.reopen();
  CHECK(store.has(bytes));
  CHECK(store.has("more"));
  for (const std::string& pack : store.packs()) CHECK(pack.ends_with(layout::kSealed));
  CHECK(fsck(store.disk).clean());
}

}  // namespace
}  // namespace assay
