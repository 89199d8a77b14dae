// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/parents.h"

#include <algorithm>

#include "storage/base/limits.h"
#include "storage/blob/local_blob_store.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/pack_files.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tensor_file.h"
#include "tests/support/weights.h"

namespace assay {
namespace {

constexpr std::size_t kWeights = 400000;

std::string model(const std::vector<float>& weights) {
  return test::tensor_file({{"w", "BF16", {weights.size()}, test::stored_as(Element::bf16, weights)}});
}

BlobInfo upload(BlobStore& store, const std::string& bytes, const std::vector<Digest>& parents = {}) {
  const auto upload = store.begin_upload({.parents = parents});
  upload->write(test::as_span(bytes));
  const BlobInfo info = upload->finish();
  CHECK((read_all(store, info.digest, bytes.size()) == bytes));
  return info;
}

std::uint8_t deepest(const std::filesystem::path& root) {
  std::uint8_t depth = 0;
  for (const test::OpenPack& pack : test::packs_of(*open_existing_files(root)))
    for (const PackEntry& entry : pack.pack->contents.entries) depth = std::max(depth, entry.depth);
  return depth;
}

TEST_CASE("Parents: a fine-tune is stored against its parent, whether or not that is named") {
  const auto base = test::made_weights(kWeights, 1);
  const std::string tuned = model(test::made_fine_tune(base, 1e-5, 2));
  for (const bool named : {true, false}) {
    test::TempDir directory;
    const auto store = open_local_blob_store(directory / "blobs");
    const BlobInfo alone = upload(*store, model(base));
    const BlobInfo info = upload(*store, tuned, named ? std::vector{alone.digest} : std::vector<Digest>{});
    CAPTURE(named, alone.stored_size, info.stored_size);
    CHECK(info.stored_size < alone.stored_size * 6 / 10);
    CHECK(deepest(directory / "blobs") == 1);
  }
}

TEST_CASE("Parents: a chain of checkpoints never gets deeper than the format allows, and all can be read") {
  test::TempDir directory;
  auto weights = test::made_weights(kWeights / 2, 3);
  std::vector<std::string> models;
  {
    const auto store = open_local_blob_store(directory / "blobs");
    std::vector<Digest> parents;
    for (std::uint64_t i = 0; i < kMaxDepth + 3; ++i) {
      models.push_back(model(weights));
      parents = {upload(*store, models.back(), parents).digest};
      weights = test::made_fine_tune(weights, 1e-5, 10 + i);
    }
  }
  CHECK(deepest(directory / "blobs") == kMaxDepth);
  const auto store = open_local_blob_store(directory / "blobs");
  for (const std::string& bytes : models) CHECK((read_all(*store, Digest::of(bytes), bytes.size()) == bytes));
}

TEST_CASE("Parents: a table with scattered edits is stored against the version before") {
  test::TempDir directory;
  const auto store = open_local_blob_store(directory / "blobs");
  const std::string table = test::table_bytes(2000000, 1);
  std::string edited = table;
  for (std::size_t at = 5000; at < edited.size(); at += 40000) edited[at] = '#';
  edited.insert(1000000, "a row that was not there before\n");
  const BlobInfo first = upload(*store, table);
  const BlobInfo told = upload(*store, edited, {first.digest});
  CAPTURE(first.stored_size, told.stored_size);
  CHECK(told.stored_size < first.stored_size / 5);
}

TEST_CASE("Parents: one that is not stored, not alike or not of tensors does no harm") {
  test::TempDir directory;
  const auto store = open_local_blob_store(directory / "blobs");
  const Digest table = upload(*store, test::table_bytes(300000, 1)).digest;
  const Digest noise = upload(*store, test::random_bytes(300000, 1)).digest;
  const Digest other = upload(*store, model(test::made_weights(50000, 5))).digest;
  const Digest empty = upload(*store, "").digest;
  const std::vector<Digest> parents = {Digest::of("nothing"), table, table, noise, empty, other};
  for (const std::string& bytes : {model(test::made_weights(kWeights, 6)), test::random_bytes(400000, 2),
                                   std::string("short"), test::table_bytes(200000, 7)}) {
    const BlobInfo info = upload(*store, bytes, parents);
    CHECK(info.stored_size < bytes.size() + bytes.size() / 50 + 1000);
  }
}

TEST_CASE("Parents: a damaged one is passed over, and what is stored beside it is sound") {
  test::TempDir directory;
  const auto base = test::made_weights(kWeights, 8);
  const std::string model_bytes = model(base), tuned = model(test::made_fine_tune(base, 1e-5, 9));
  std::vector<ChunkInfo> chunks;
  {
    const auto store = open_local_blob_store(directory / "blobs");
    const Digest digest = upload(*store, model_bytes).digest;
    store->for_each_chunk(digest, [&](const ChunkInfo& chunk) { chunks.push_back(chunk); });
  }
  open_local_blob_store(directory / "blobs");  // closes the pack
  for (const ChunkInfo& chunk : chunks) test::damage(directory / "blobs", RecordKind::chunk, chunk.digest);
  const auto store = open_local_blob_store(directory / "blobs");
  CHECK_THROWS(store->check(Digest::of(model_bytes)));
  upload(*store, tuned, {Digest::of(model_bytes)});  // and reads it back
}

TEST_CASE("Parents: a chunk whose base was damaged can be read as soon as the base is uploaded again") {
  test::TempDir directory;
  const auto base = test::made_weights(kWeights, 11);
  const std::string model_bytes = model(base), tuned = model(test::made_fine_tune(base, 1e-5, 12));
  std::vector<ChunkInfo> chunks;
  {
    const auto store = open_local_blob_store(directory / "blobs");
    upload(*store, model_bytes);
    upload(*store, tuned, {Digest::of(model_bytes)});
    store->for_each_chunk(Digest::of(model_bytes), [&](const ChunkInfo& chunk) { chunks.push_back(chunk); });
  }
  open_local_blob_store(directory / "blobs");  // closes the pack
  REQUIRE(deepest(directory / "blobs") == 1);
  CHECK(test::damage(directory / "blobs", RecordKind::chunk, chunks[1].digest) == 1);
  const auto store = open_local_blob_store(directory / "blobs");
  CHECK_THROWS(store->check(Digest::of(tuned)));
  CHECK_THROWS(store->check(Digest::of(model_bytes)));
  upload(*store, model_bytes);
  CHECK_NOTHROW(store->check(Digest::of(model_bytes)));
  CHECK_NOTHROW(store->check(Digest::of(tuned)));
}

}  // namespace
}  // namespace assay
