// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/pack_index.h"

#include <algorithm>
#include <thread>

#include "tests/support/bytes.h"
#include "tests/support/catch.h"

namespace assay {
namespace {

using Arrival = PackIndex::Arrival;

Digest chunk_id(std::size_t i) {
  return Digest::of("chunk " + std::to_string(i));
}

Digest blob_id(std::size_t i) {
  return Digest::of("blob " + std::to_string(i));
}

// A chunk and what it is stored against.
struct Made {
  std::size_t chunk;
  std::vector<std::size_t> bases = {};
  std::uint8_t depth = 0;
};

PackContents contents_of(const std::vector<Made>& chunks, const std::vector<std::size_t>& blobs = {}) {
  RecordBatch batch;
  for (const Made& made : chunks) {
    Record record{
        .kind = RecordKind::chunk, .depth = made.depth, .raw_length = 10, .id = chunk_id(made.chunk)};
    for (const std::size_t base : made.bases) record.bases.push_back(chunk_id(base));
    batch.add(record, test::as_span("0123456789"));
  }
  for (const std::size_t blob : blobs) batch.add_blob({blob_id(blob), 10 * blob, 5, {blob + 1}}, {});
  return batch.contents;
}

std::shared_ptr<Pack> pack_of(const std::string& name, const std::vector<Made>& chunks,
                              const std::vector<std::size_t>& blobs = {}) {
  auto pack = std::make_shared<Pack>();
  pack->name = name;
  pack->contents = contents_of(chunks, blobs);
  return pack;
}

std::string where(const PackIndex& index, std::size_t chunk) {
  const auto found = index.find(RecordKind::chunk, chunk_id(chunk));
  return found ? found->pack->name : "";
}

TEST_CASE("Pack index: finds each of very many records, whatever it grew from") {
  PackIndex index;
  CHECK(where(index, 0) == "");
  auto growing = pack_of("growing", {});
  index.add(growing, Arrival::uploaded);
  for (std::size_t round = 0; round < 20; ++round) {
    std::vector<Made> chunks;
    for (std::size_t i = 0; i < 500; ++i) chunks.push_back({1000 * round + i});
    index.add(pack_of("p" + std::to_string(round), chunks), Arrival::moved);
    index.extend(growing, contents_of({{1000 * round + 999}}), 50 * round, Arrival::uploaded);
  }
  for (std::size_t round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < 500; i += 7)
      CHECK(where(index, 1000 * round + i) == "p" + std::to_string(round));
    CHECK(where(index, 1000 * round + 999) == "growing");
    CHECK(where(index, 1000 * round + 998) == "");
    CHECK(index.find(RecordKind::chunk, chunk_id(1000 * round + 999))->entry.offset == 50 * round);
  }
  CHECK_FALSE(index.find(RecordKind::page, chunk_id(0)));  // a kind is part of the name
}

TEST_CASE("Pack index: a damaged copy is passed over, and another is found") {
  PackIndex index;
  index.add(pack_of("a", {{1}, {2}}), Arrival::moved);
  index.add(pack_of("b", {{1}}), Arrival::moved);
  CHECK(index.find_all(RecordKind::chunk, chunk_id(1)).size() == 2);
  const auto first = index.find(RecordKind::chunk, chunk_id(1));
  index.mark_damaged(*first);
  const auto second = index.find(RecordKind::chunk, chunk_id(1));
  REQUIRE(second);
  CHECK(second->pack != first->pack);
  index.mark_damaged(*second);
  CHECK_FALSE(index.find(RecordKind::chunk, chunk_id(1)));
  CHECK(index.find_all(RecordKind::chunk, chunk_id(1)).empty());
  CHECK(where(index, 2) == "a");  // its neighbour is not damaged
  PackIndex::Pins pins(index);
  CHECK_FALSE(index.reuse(RecordKind::chunk, chunk_id(1), pins));
}

TEST_CASE("Pack index: of several copies the one with the shortest chain is found") {
  for (const bool deep_first : {true, false}) {
    PackIndex index;
    index.add(pack_of("base", {{0}}), Arrival::moved);
    if (deep_first) index.add(pack_of("deep", {{1, {0}, 1}}), Arrival::moved);
    index.add(pack_of("shallow", {{1}}), Arrival::moved);
    if (!deep_first) index.add(pack_of("deep", {{1, {0}, 1}}), Arrival::moved);
    CHECK(where(index, 1) == "shallow");
    CHECK(index.find_all(RecordKind::chunk, chunk_id(1))[0].pack->name == "shallow");
  }
}

TEST_CASE("Pack index: a chunk is reused only with all that it is stored against, and all of it is pinned") {
  PackIndex index;
  const auto base = pack_of("base", {{0}});
  const auto middle = pack_of("middle", {{1, {0}, 1}});
  index.add(base, Arrival::moved);
  index.add(middle, Arrival::moved);
  index.add(pack_of("top", {{2, {1}, 2}, {3, {9}, 1}}), Arrival::moved);
  const std::uint64_t collection = index.begin_collection();
  {
    PackIndex::Pins pins(index);
    CHECK_FALSE(index.reuse(RecordKind::chunk, chunk_id(3), pins));  // its base is missing
    CHECK(index.reuse(RecordKind::chunk, chunk_id(2), pins));
    for (const auto& pack : index.packs()) CHECK_FALSE(index.retire(pack, collection));
  }
  for (const auto& pack : index.packs()) CHECK_FALSE(index.retire(pack, collection));  // touched since
  const std::uint64_t next = index.begin_collection();
  CHECK(index.retire(base, next));
  PackIndex::Pins pins(index);
  CHECK_FALSE(index.reuse(RecordKind::chunk, chunk_id(2), pins));
  CHECK(index.retire(middle, next));  // a reuse that failed pinned nothing
}

TEST_CASE("Pack index: chunks stored against each other in a circle are not reused") {
  PackIndex index;
  index.add(pack_of("a", {{0, {1}, 1}, {1, {0}, 1}}), Arrival::moved);
  PackIndex::Pins pins(index);
  CHECK_FALSE(index.reuse(RecordKind::chunk, chunk_id(0), pins));
}

TEST_CASE("Pack index: what was retired is not found, what else is there still is") {
  PackIndex index;
  std::vector<std::shared_ptr<Pack>> packs;
  for (std::size_t i = 0; i < 10; ++i) {
    packs.push_back(pack_of("p" + std::to_string(i), {{10 * i}, {10 * i + 1}, {7}}));
    index.add(packs.back(), Arrival::moved);
  }
  const BlobTotals before = index.totals();
  const std::uint64_t collection = index.begin_collection();
  for (std::size_t i = 0; i < 10; i += 2) CHECK(index.retire(packs[i], collection));
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(where(index, 10 * i) == (i % 2 == 0 ? "" : "p" + std::to_string(i)));
    CHECK(where(index, 7) != "");
  }
  CHECK(index.totals().stored_bytes == before.stored_bytes / 2);
  CHECK(index.packs().size() == 5);
  index.add(pack_of("again", {{0}}), Arrival::moved);
  CHECK(where(index, 0) == "again");
  for (const auto& pack : index.packs()) index.remove(pack);
  CHECK(where(index, 7) == "");
  CHECK(index.totals().stored_bytes == 0);
}

TEST_CASE("Pack index: what was uploaded is leased until its uploader lets go") {
  PackIndex index;
  index.add(pack_of("a", {}, {1}), Arrival::uploaded);
  index.add(pack_of("b", {}, {2}), Arrival::moved);
  std::vector<Digest> missed;
  const std::uint64_t first = index.begin_collection();
  CHECK((index.relied_on(first) == std::vector{blob_id(1)}));
  CHECK(index.hide_dead({}, first, missed).empty());
  CHECK((missed == std::vector{blob_id(1)}));
  const auto dead = index.hide_dead({blob_id(1)}, first, missed);
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].digest == blob_id(2));
  CHECK_FALSE(index.stat(blob_id(2)));
  CHECK_FALSE(index.lease(blob_id(2)));
  index.release(blob_id(1));
  CHECK((index.relied_on(first) == std::vector{blob_id(1)}));  // let go since the collection began
  const std::uint64_t second = index.begin_collection();
  CHECK(index.relied_on(second).empty());
  CHECK(index.lease(blob_id(1)));
  CHECK((index.relied_on(second) == std::vector{blob_id(1)}));
  index.release(blob_id(1));
  const std::uint64_t third = index.begin_collection();
  CHECK(index.hide_dead({}, third, missed).size() == 1);
  CHECK(index.totals().blobs == 0);
  CHECK(index.totals().raw_bytes == 0);
}

TEST_CASE("Pack index: a blob that was dead is described anew by whoever uploads it again") {
  PackIndex index;
  index.add(pack_of("old", {}, {1}), Arrival::moved);
  std::vector<Digest> missed;
  REQUIRE(index.hide_dead({}, index.begin_collection(), missed).size() == 1);
  CHECK(index.blobs().empty());
  index.add(pack_of("new", {}, {1}), Arrival::uploaded);
  CHECK(index.stat(blob_id(1)));
  const auto found = index.find(RecordKind::blob, blob_id(1));
  REQUIRE(found);
  CHECK(found->pack->name == "new");  // for the old one will not survive a restart
}

TEST_CASE("Pack index: a pack cannot be retired by a collection that began before it was touched") {
  PackIndex index;
  const auto uploaded = pack_of("a", {{0}}, {1});
  const std::uint64_t before = index.begin_collection();
  index.add(uploaded, Arrival::uploaded);
  CHECK_FALSE(index.retire(uploaded, before));
  const std::uint64_t after = index.begin_collection();
  CHECK(index.retire(uploaded, after));
}

TEST_CASE("Pack index: blobs of the same tensors are similar, the latest first") {
  PackIndex index;
  RecordBatch batch;
  for (std::size_t i = 0; i < 20; ++i)
    batch.add_blob({blob_id(i), 1, 1, {100, i < 10 ? 200u : 300u, 0, 0}}, {});
  auto pack = std::make_shared<Pack>();
  pack->contents = batch.contents;
  index.add(pack, Arrival::moved);
  const auto similar = index.similar({100, 200, 0, 0}, 3);
  REQUIRE(similar.size() == 3);
  const auto tens = index.similar({300, 0, 0, 0}, 100);
  REQUIRE(!tens.empty());
  CHECK(tens[0] == blob_id(19));
  CHECK(index.similar({}, 10).empty());
  CHECK(index.similar({5, 6, 7, 8}, 10).empty());
}

TEST_CASE("Pack index: threads that add, find, pin, lease and collect leave it consistent") {
  PackIndex index;
  const auto shared = pack_of("shared", {});
  index.add(shared, Arrival::uploaded);
  std::atomic<bool> lost = false;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 200; ++i) {
        const std::size_t number = 1000 * t + i;
        index.extend(shared, contents_of({{number}}, {number}), 100 * number, Arrival::uploaded);
        PackIndex::Pins pins(index);
        lost = lost || !index.reuse(RecordKind::chunk, chunk_id(number), pins);
        lost = lost || !index.stat(blob_id(number));
        index.release(blob_id(number));
      }
    });
  threads.emplace_back([&] {
    for (std::size_t i = 0; i < 50; ++i) {
      const std::uint64_t collection = index.begin_collection();
      std::vector<Digest> missed;
      const auto relied = index.relied_on(collection);
      index.hide_dead({relied.begin(), relied.end()}, collection, missed);
      index.totals();
      index.contents(shared);
    }
  });
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(lost);
  CHECK(index.contents(shared).blobs.size() == 600);
  CHECK(index.totals().blobs == index.blobs().size());
}

}  // namespace
}  // namespace assay
