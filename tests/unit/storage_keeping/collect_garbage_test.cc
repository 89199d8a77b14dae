// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/collect_garbage.h"

#include "storage/base/limits.h"
#include "storage/blob/fsck.h"
#include "storage/blob/pack_loader.h"
#include "tests/unit/storage_keeping/stores.h"

namespace assay {
namespace {

using test::collect;
using test::edited_table;
using test::random_bytes;
using test::Store;
using test::table_bytes;

constexpr std::size_t kLarge = kSharedUpload + 300'000;  // a pack of its own

TEST_CASE("Collect: what nobody names is gone, with its pack; the rest can be read") {
  Store store;
  const Digest live = store.add(random_bytes(kLarge, 1));
  const Digest dead = store.add(random_bytes(kLarge, 2));
  const std::uint64_t before = store.pack_bytes();
  const GcReport report = collect(*store, {live});
  CHECK(report.live_blobs == 1);
  CHECK(report.dead_blobs == 1);
  CHECK(report.packs_removed == 1);
  CHECK(report.largest_dead == std::vector<Digest>{dead});
  CHECK(report.dead_bytes >= kLarge);
  CHECK(store.pack_bytes() == before - report.freed_bytes);
  CHECK(store.has(random_bytes(kLarge, 1)));
  CHECK_FALSE(store->stat(dead));
  CHECK_THROWS_AS(store->open(dead, {}), Error);
  CHECK(store->totals().blobs == 1);
  CHECK(fsck(store.disk, {.required = std::vector<Digest>{live}}).clean());
}

TEST_CASE("Collect: a dry run says the same and changes nothing") {
  Store store;
  const Digest live = store.add(random_bytes(kLarge, 1));
  store.add(random_bytes(kLarge, 2));
  for (std::uint64_t seed = 10; seed < 20; ++seed) store.add(random_bytes(100'000, seed));
  store.reopen();  // closes the shared pack
  const std::uint64_t before = store.pack_bytes();
  const std::set<Digest> wanted = {live, Digest::of(random_bytes(100'000, 13))};
  const GcReport dry = collect(*store, wanted, true);
  CHECK(store.pack_bytes() == before);
  CHECK(store->totals().blobs == 12);
  const GcReport real = collect(*store, wanted);
  CHECK(dry.dead_blobs == real.dead_blobs);
  CHECK(dry.live_blobs == real.live_blobs);
  CHECK(dry.live_bytes == real.live_bytes);
  CHECK(dry.dead_bytes == real.dead_bytes);
  CHECK(dry.packs_removed == real.packs_removed);
  CHECK(dry.packs_rewritten == real.packs_rewritten);
  // A rewritten pack has a header and a footer of its own.
  CHECK(dry.freed_bytes >= real.freed_bytes);
  CHECK(dry.freed_bytes - real.freed_bytes < 2000);
  CHECK(dry.largest_dead == real.largest_dead);
}

TEST_CASE("Collect: a pack that is mostly live stays as it is, unless all dead bytes are asked for") {
  Store store;
  std::set<Digest> live;
  for (std::uint64_t seed = 0; seed < 5; ++seed) live.insert(store.add(random_bytes(100'000, seed)));
  live.erase(Digest::of(random_bytes(100'000, 2)));
  const auto roots = [&](const auto& keep) {
    for (const Digest& digest : live) keep(digest);
  };
  const GcReport careful = collect(*store, live);
  CHECK(careful.dead_blobs == 1);
  CHECK(careful.freed_bytes == 0);
  const GcReport thorough = store->collect_garbage({.roots = roots, .live_share = 1});
  CHECK(thorough.packs_rewritten == 1);
  CHECK(thorough.freed_bytes >= 100'000);
  CHECK(store.pack_bytes() < 410'000);
  // There is nothing more to free.
  CHECK(store->collect_garbage({.roots = roots, .live_share = 1}).packs_rewritten == 0);
  for (const std::uint64_t seed : {0, 1, 3, 4}) CHECK(store.has(random_bytes(100'000, seed)));
  CHECK(fsck(store.disk).clean());
}

TEST_CASE("Collect: a pack that is mostly dead is rewritten with what is live") {
  Store store;
  const std::set<Digest> live = add_five_times_the_live(store);
  const GcReport report = collect(*store, live);
  CHECK(report.packs_rewritten == 1);
  CHECK(report.dead_blobs == 16);
  CHECK(keeps_the_live_alone(store));
  store.reopen();
  CHECK(store->totals().blobs == 4);
  CHECK(fsck(store.disk).clean());
}

TEST_CASE("Collect: what is dead in a pack that stays is dead after a restart too") {
  Store store;
  std::set<Digest> live;
  for (std::uint64_t seed = 0; seed < 10; ++seed) live.insert(store.add(random_bytes(100'000, seed)));
  const Digest dead = Digest::of(random_bytes(100'000, 3));
  live.erase(dead);
  store.reopen();
  CHECK(collect(*store, live).packs_rewritten == 0);
  CHECK_FALSE(store->stat(dead));
  store.reopen();
  CHECK_FALSE(store->stat(dead));
  CHECK(store->totals().blobs == 9);
  CHECK(fsck(store.disk).clean());
}

TEST_CASE("Collect: what died can be uploaded again, and is there after a restart") {
  Store store;
  const std::string bytes = random_bytes(50'000, 1);
  const Digest other = store.add("other");
  store.add(bytes);
  CHECK(collect(*store, {other}).dead_blobs == 1);
  CHECK_FALSE(store->stat(Digest::of(bytes)));
  store.add(bytes);
  CHECK(store.has(bytes));
  store.reopen();
  CHECK(store.has(bytes));
  CHECK(collect(*store, {other, Digest::of(bytes)}).dead_blobs == 0);
  store.reopen();
  CHECK(store.has(bytes));
  CHECK(store.has("other"));
}

TEST_CASE("Collect: what is leased, or comes while it runs, stays without being named") {
  Store store;
  const std::string leased = random_bytes(kLarge, 1), late = random_bytes(kLarge, 2);
  store.add(leased);
  const auto lease = store->lease(Digest::of(leased));
  const GcReport report = store->collect_garbage({.roots = [&](const auto&) { store.add(late); }});
  CHECK(report.dead_blobs == 0);
  CHECK(store.has(leased));
  CHECK(store.has(late));
}

TEST_CASE("Collect: a blob that is being read can be read to its end") {
  Store store;
  const std::string bytes = random_bytes(kLarge, 1);
  const auto reader = [&] {
    store.add(bytes);
    return store->open(Digest::of(bytes), {});
  }();
  collect(*store, {});
  std::string read(bytes.size(), '\0');
  for (std::size_t at = 0; at < read.size();) {
    const std::size_t got = reader->read(std::as_writable_bytes(std::span(read)).subspan(at));
    REQUIRE(got > 0);
    at += got;
  }
  CHECK(read == bytes);
}

TEST_CASE("Collect: an upload that began before goes on with chunks it has found") {
  Store store;
  const std::string bytes = random_bytes(kLarge, 1);
  store.add(bytes);
  {
    const auto upload = store->begin_upload({});
    upload->write(test::as_span(bytes));
    collect(*store, {});
    upload->finish();
  }
  CHECK(store.has(bytes));
  store.reopen();
  CHECK(store.has(bytes));
}

TEST_CASE("Collect: a chunk that two blobs share stays while one of them does") {
  Store store;
  const std::string shared = random_bytes(2'000'000, 1);
  const Digest one = store.add(shared + random_bytes(500'000, 2));
  const Digest two = store.add(shared + random_bytes(500'000, 3));
  store.reopen();
  collect(*store, {one});
  CHECK(store.has(shared + random_bytes(500'000, 2)));
  CHECK_FALSE(store->stat(two));
  store.reopen();
  CHECK(store.has(shared + random_bytes(500'000, 2)));
}

TEST_CASE("Collect: a child outlives its parent, and the parent's bytes go with the second collection") {
  Store store;
  const std::string parent = table_bytes(3'000'000, 1), child = edited_table(3'000'000, 1);
  const Digest old = store.add(parent);
  const Digest fresh = store.add(child, {old});
  store.reopen();
  const Savings both = store->savings({old, fresh});
  REQUIRE(both.by_delta > 0);
  const GcReport first = collect(*store, {fresh});
  CHECK(first.dead_blobs == 1);
  CHECK(first.chunks_rebased > 0);
  CHECK(store.has(child));
  const GcReport second = collect(*store, {fresh});
  CHECK(second.chunks_rebased == 0);
  CHECK(second.freed_bytes > 0);
  CHECK(store.has(child));
  const Savings alone = store->savings({fresh});
  // What is left are chunks that share a parent, which would take more without it.
  CHECK(alone.by_delta < both.by_delta / 4);
  store.reopen();
  CHECK(store.has(child));
  CHECK(collect(*store, {fresh}).chunks_rebased == 0);
  CHECK(fsck(store.disk).clean());
  // Nothing but the child is left: what it takes alone, and little more.
  Store empty;
  empty.add(child);
  CHECK(store.pack_bytes() < empty.pack_bytes() + empty.pack_bytes() / 5);
}

TEST_CASE("Collect: many small packs become one") {
  Store store;
  std::set<Digest> live;
  for (std::uint64_t seed = 0; seed < kManySmallPacks + 2; ++seed) {
    live.insert(store.add(random_bytes(20'000, seed)));
    store.reopen();
  }
  CHECK(store.packs().size() == kManySmallPacks + 2);
  CHECK(collect(*store, live).packs_rewritten == kManySmallPacks + 2);
  CHECK(store.packs().size() == 1);
  for (std::uint64_t seed = 0; seed < kManySmallPacks + 2; ++seed)
    CHECK(store.has(random_bytes(20'000, seed)));
  store.reopen();
  CHECK(store->totals().blobs == kManySmallPacks + 2);
}

TEST_CASE("Collect: one that is stopped leaves the rest to the next") {
  Store store;
  for (std::uint64_t seed = 0; seed < 3; ++seed) store.add(random_bytes(kLarge, seed));
  int asked = 0;
  const GcReport part =
      store->collect_garbage({.roots = [](const auto&) {}, .stop = [&] { return ++asked > 1; }});
  CHECK(part.packs_removed < 3);
  CHECK(store->totals().blobs == 0);
  const GcReport rest = collect(*store, {});
  CHECK(part.packs_removed + rest.packs_removed == 3);
  CHECK(store.packs().empty());
}

TEST_CASE("Collect: the lists of the dead do not grow for ever") {
  Store store;
  const Digest live = store.add(random_bytes(900'000, 100));
  store.reopen();
  for (std::uint64_t round = 0; round < 5; ++round) {
    store.add(random_bytes(200'000, round));
    collect(*store, {live});
    CHECK(store.disk.list(layout::kDead).size() <= 1);
  }
  store.reopen();
  CHECK(store->totals().blobs == 1);
}

TEST_CASE("Collect: a second one while the first runs is refused") {
  Store store;
  store->collect_garbage({.roots = [&](const auto&) {
    try {
      collect(*store, {});
      FAIL("nothing was thrown");
    } catch (const Error& error) {
      CHECK(error.code() == Code::conflict);
    }
  }});
  collect(*store, {});
}

TEST_CASE("Collect: a damaged live chunk does not stop it, and its pack is left for a repair") {
  Store store;
  const std::string live = random_bytes(300'000, 1);
  store.add(live);
  for (std::uint64_t seed = 2; seed < 10; ++seed) store.add(random_bytes(300'000, seed));
  store.reopen();
  const std::string pack = store.packs().at(0);
  store.flip(pack, 1000);
  store.reopen();
  const GcReport report = collect(*store, {Digest::of(live)});
  CHECK(report.dead_blobs == 8);
  CHECK(report.packs_rewritten == 0);
  CHECK(store.packs() == std::vector<std::string>{pack});
}

TEST_CASE("Collect: frees nothing while what it needs may be in a pack that cannot be read whole") {
  Store store;
  const Digest live = store.add(random_bytes(kLarge, 1));
  const std::string lost = store.packs().at(0);
  const Digest other = store.add(random_bytes(kLarge, 2));
  store.add(random_bytes(kLarge, 3));
  store.replace(lost, "not a pack");
  store.reopen();
  try {
    collect(*store, {live, other});
    FAIL("freed");
  } catch (const Error& error) {
    CHECK(error.code() == Code::corrupt);
    CHECK(error.message().find(live.text()) != std::string::npos);
    CHECK(error.message().find(lost) != std::string::npos);
    CHECK(error.message().find("assay repair") != std::string::npos);
  }
  CHECK(store->totals().blobs == 2);
  // With all that is needed at hand, what is known to be dead goes; the pack stays for a repair.
  store.add(random_bytes(kLarge, 1));
  CHECK(collect(*store, {live, other}).packs_removed == 1);
  CHECK(store.disk.open(lost)->size() == 10);
  CHECK(store.has(random_bytes(kLarge, 1)));
  CHECK(store.has(random_bytes(kLarge, 2)));
}

TEST_CASE("Collect: frees nothing while it is not known what a needed blob consists of") {
  Store store;
  const std::string live = random_bytes(300'000, 1);
  store.add(live);
  const Digest dead = store.add(random_bytes(kLarge, 2));
  store.reopen();
  for (const PackFileName& name : list_packs(store.disk)) {
    const PackContents contents = read_footer(*store.disk.open(path_of(name)));
    if (contents.blobs.front().digest != Digest::of(live)) continue;
    for (const PackEntry& entry : contents.entries)
      if (entry.kind == RecordKind::page) store.flip(path_of(name), entry.offset + entry.size() - 1);
  }
  store.reopen();
  const std::uint64_t before = store.pack_bytes();
  try {
    collect(*store, {Digest::of(live)});
    FAIL("it went on");
  } catch (const Error& error) {
    CHECK(error.code() == Code::corrupt);
    CHECK_THAT(error.message(), Catch::Contains(Digest::of(live).text()));
  }
  CHECK(store->stat(dead));
  CHECK(store.pack_bytes() == before);
  store.add(live);
  CHECK(collect(*store, {Digest::of(live)}).dead_blobs == 1);
  CHECK(store.has(live));
}

}  // namespace
}  // namespace assay
