// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/explain.h"

#include "tests/unit/storage_keeping/stores.h"

namespace assay {
namespace {

using test::edited_table;
using test::random_bytes;
using test::Store;
using test::table_bytes;

std::vector<Digest> chunks_of(Store& store, const Digest& blob) {
  std::vector<Digest> out;
  store->for_each_chunk(blob, [&](const ChunkInfo& chunk) { out.push_back(chunk.digest); });
  return out;
}

std::uint64_t accounted(const Savings& savings) {
  return savings.stored + savings.by_dedup + savings.by_delta + savings.by_compression;
}

TEST_CASE("Explain: a blob says how large it is, in how many chunks, and where its description lies") {
  Store store;
  const Digest blob = store.add(random_bytes(500'000, 1));
  const Explanation why = store->explain(blob);
  CHECK(why.is_blob);
  CHECK_FALSE(why.is_chunk);
  CHECK(why.size == 500'000);
  CHECK(why.chunks == chunks_of(store, blob).size());
  REQUIRE(why.places.size() == 1);
  CHECK(store.packs().at(0).find(why.places[0].pack) != std::string::npos);
}

TEST_CASE("Explain: a chunk says which blobs need it, also to decode what they have") {
  Store store;
  const Digest old = store.add(table_bytes(400'000, 1));
  const Digest fresh = store.add(edited_table(400'000, 1), {old});
  const Digest other = store.add(random_bytes(1000, 1));
  const Explanation why = store->explain(chunks_of(store, old).at(0));
  CHECK(why.is_chunk);
  CHECK(std::count(why.needed_by.begin(), why.needed_by.end(), old) == 1);
  CHECK(std::count(why.needed_by.begin(), why.needed_by.end(), fresh) == 1);
  CHECK(std::count(why.needed_by.begin(), why.needed_by.end(), other) == 0);
  const Explanation child = store->explain(chunks_of(store, fresh).at(0));
  REQUIRE(child.places.size() == 1);
  CHECK(child.places[0].codec == "zstd_prefix");
  CHECK_FALSE(child.places[0].parents.empty());
}

TEST_CASE("Explain: a blob of one chunk is both") {
  Store store;
  const Explanation why = store->explain(store.add("hello"));
  CHECK(why.is_blob);
  CHECK(why.is_chunk);
  CHECK(why.places.size() == 2);
  CHECK(why.needed_by == std::vector<Digest>{Digest::of("hello")});
}

TEST_CASE("Explain: what is not stored is not found") {
  Store store;
  try {
    store->explain(Digest::of("nothing"));
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.code() == Code::not_found);
  }
}

TEST_CASE("Savings: every raw byte is stored or saved by something") {
  Store store;
  const Digest one = store.add(table_bytes(1'000'000, 1));
  const Digest two = store.add(table_bytes(1'000'000, 1) + table_bytes(100'000, 7));
  const Digest three = store.add(edited_table(1'000'000, 1), {one});
  const Savings savings = store->savings({one, two, three});
  CHECK(savings.blobs == 3);
  CHECK(savings.raw == 3'100'000);
  CHECK(savings.by_dedup > 800'000);
  CHECK(savings.by_delta > 500'000);
  CHECK(savings.by_compression > 300'000);
  CHECK(accounted(savings) == savings.raw);
}

TEST_CASE("Savings: a parent that is no part of the blobs counts for those that need it") {
  Store store;
  const Digest old = store.add(table_bytes(1'000'000, 1));
  const Digest fresh = store.add(edited_table(1'000'000, 1), {old});
  const Savings alone = store->savings({fresh});
  CHECK(alone.stored > store->savings({old}).stored);
  CHECK(accounted(alone) == alone.raw);
}

TEST_CASE("Savings: blobs that are not stored are passed over") {
  Store store;
  const Digest one = store.add(random_bytes(10'000, 1));
  const Savings savings = store->savings({one, Digest::of("nothing")});
  CHECK(savings.blobs == 1);
  CHECK(savings.raw == 10'000);
}

}  // namespace
}  // namespace assay
