// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/scrub.h"

#include "tests/unit/storage_keeping/stores.h"

namespace assay {
namespace {

using std::chrono::milliseconds;
using test::edited_table;
using test::random_bytes;
using test::Store;
using test::table_bytes;

TEST_CASE("Scrub: a sound store is read to its last byte and has no problems") {
  Store store;
  for (std::uint64_t seed = 0; seed < 4; ++seed) store.add(random_bytes(300'000, seed));
  std::uint64_t seen = 0, expected = 0;
  ScrubRequest request;
  request.progress = [&](std::uint64_t done, std::uint64_t total) { seen = done, expected = total; };
  const ScrubReport report = store->scrub(request);
  CHECK(report.problems.empty());
  CHECK(report.damaged_blobs.empty());
  CHECK(report.cursor.empty());
  CHECK(report.stored_bytes == store->totals().stored_bytes);
  CHECK(seen == report.stored_bytes);
  CHECK(expected >= seen);
}

TEST_CASE("Scrub: every flipped bit of a record is found, with its place and the blobs it hits") {
  Store store;
  const Digest hit = store.add(random_bytes(40'000, 1));
  store.reopen();
  const std::string pack = store.packs().at(0);
  const std::uint64_t end = store->totals().stored_bytes + kPackHeaderSize;
  for (std::uint64_t offset = kPackHeaderSize; offset < end; offset += 997) {
    INFO(offset);
    store.flip(pack, offset);
    store.reopen();
    const ScrubReport report = store->scrub({});
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems[0].offset <= offset);
    CHECK_FALSE(report.problems[0].repaired);
    CHECK(pack.find(report.problems[0].pack) != std::string::npos);
    CHECK(report.damaged_blobs == std::vector<Digest>{hit});
    store.flip(pack, offset);
    store.reopen();
  }
  CHECK(store->scrub({}).problems.empty());
}

TEST_CASE("Scrub: a pack whose header or footer is damaged is named, and what it holds can be read") {
  Store store;
  const std::string bytes = random_bytes(40'000, 1);
  store.add(bytes);
  store.reopen();
  const std::string pack = store.packs().at(0);
  for (const std::uint64_t offset : {std::uint64_t{2}, std::uint64_t{9}, store.disk.open(pack)->size() - 40}) {
    INFO(offset);
    store.flip(pack, offset);
    store.reopen();
    CHECK(store.has(bytes));
    const ScrubReport report = store->scrub({});
    REQUIRE(report.problems.size() == 1);
    CHECK(pack == layout::sealed_pack(report.problems[0].pack));
    CHECK_FALSE(report.problems[0].digest);
    CHECK(report.problems[0].what.find("assay repair") != std::string::npos);
    CHECK(report.damaged_blobs.empty());
    store.flip(pack, offset);
  }
}

TEST_CASE("Scrub: a chunk that was uploaded again since is repaired, and the blob can be read") {
  Store store;
  const std::string bytes = random_bytes(40'000, 1);
  store.add(bytes);
  store.reopen();
  store.flip(store.packs().at(0), 2000);
  store.reopen();
  CHECK_FALSE(store->scrub({}).damaged_blobs.empty());
  store.add(bytes);
  CHECK(store.has(bytes));
  store.reopen();
  const ScrubReport report = store->scrub({});
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].repaired);
  CHECK(report.damaged_blobs.empty());
  // A collection leaves the damaged copy behind.
  test::collect(*store, {Digest::of(bytes)});
  store.reopen();
  CHECK(store.has(bytes));
}

TEST_CASE("Scrub: stopped after any record and continued, it reads each record once") {
  Store store;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    store.add(random_bytes(200'000, seed));
    store.reopen();
  }
  const std::uint64_t all = store->scrub({}).records;
  std::uint64_t records = 0, slices = 0;
  std::string cursor;
  do {
    ScrubRequest request;
    request.cursor = cursor;
    request.stop = [] { return true; };
    const ScrubReport report = store->scrub(request);
    records += report.records;
    cursor = report.cursor;
    ++slices;
  } while (!cursor.empty());
  CHECK(records == all);
  CHECK(slices == all);
}

TEST_CASE("Scrub: the place where it stopped holds when its pack has gone") {
  Store store;
  const Digest live = store.add(random_bytes(200'000, 1));
  store.add(random_bytes(900'000, 2));
  ScrubRequest request;
  request.stop = [] { return true; };
  const std::string cursor = store->scrub(request).cursor;
  test::collect(*store, {live});
  ScrubRequest on;
  on.cursor = cursor;
  CHECK(store->scrub(on).cursor.empty());
  for (const char* bad : {"x", "x y", "x 1 2", " "}) {
    on.cursor = bad;
    CHECK_THROWS_AS(store->scrub(on), Error);
  }
}

TEST_CASE("Scrub: damage to a parent is the parent's, and hits the blobs of its children") {
  Store store;
  const Digest old = store.add(table_bytes(400'000, 1));
  const Digest fresh = store.add(edited_table(400'000, 1), {old});
  REQUIRE(store->savings({old, fresh}).by_delta > 0);
  store.reopen();
  std::optional<Digest> first;
  store->for_each_chunk(old, [&](const ChunkInfo& chunk) {
    if (!first) first = chunk.digest;
  });
  const auto place = store->explain(*first).places.at(0);
  store.flip(store.packs().at(0), place.offset + place.stored_bytes - 1);
  store.reopen();
  const ScrubReport report = store->scrub({});
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].digest == *first);
  CHECK(std::count(report.damaged_blobs.begin(), report.damaged_blobs.end(), old) == 1);
  CHECK(std::count(report.damaged_blobs.begin(), report.damaged_blobs.end(), fresh) == 1);
}

TEST_CASE("Scrub: the rate is bytes over time, and none is no wait") {
  CHECK(rate_delay(50, 100, milliseconds(0)) == milliseconds(500));
  CHECK(rate_delay(50, 100, milliseconds(500)) == milliseconds(0));
  CHECK(rate_delay(50, 100, milliseconds(900)) < milliseconds(0));
  CHECK(rate_delay(1 << 30, 0, milliseconds(0)) == milliseconds(0));
  CHECK(rate_delay(std::uint64_t{1} << 50, 1 << 20, milliseconds(0)) ==
        milliseconds((std::int64_t{1} << 30) * 1000));
}

}  // namespace
}  // namespace assay
