// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/pack_reader.h"

#include <atomic>
#include <thread>

#include "storage/base/limits.h"
#include "storage/blob/local_blob_store.h"
#include "storage/blob/pack_upload.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/pack_files.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tensor_file.h"
#include "tests/support/weights.h"

namespace assay {
namespace {

std::string read_range(const BlobStore& store, const Digest& digest, const ByteRange& range,
                       std::size_t step) {
  const auto reader = store.open(digest, range);
  std::string all, part(step, '\0');
  while (const std::size_t got = reader->read(std::as_writable_bytes(std::span(part))))
    all.append(part, 0, got);
  CHECK(all.size() == reader->size());
  return all;
}

std::string model(std::uint64_t seed) {
  return test::tensor_file(
      {{"w", "F32", {300000}, test::stored_as(Element::f32, test::made_weights(300000, seed))}});
}

TEST_CASE("Pack reader: gives every range around every boundary of a chunk, with and without workers") {
  test::TempDir directory;
  const auto files = open_files(directory / "blobs");
  SystemEntropy entropy;
  for (const std::size_t threads : {0u, 2u}) {
    LocalBlobStore store(*files, entropy, threads);
    for (const std::string& bytes : {model(1), test::table_bytes(700000, 1)}) {
      const Digest digest = put(store, bytes).digest;
      std::vector<std::uint64_t> points;
      std::uint64_t at = 0;
      store.for_each_chunk(digest, [&](const ChunkInfo& chunk) {
        if (points.size() < 9) points.insert(points.end(), {at, at + 1, at + chunk.length - 1});
        at += chunk.length;
      });
      CHECK(at == bytes.size());
      points.insert(points.end(), {at - 1, at});
      for (const std::uint64_t from : points)
        for (const std::uint64_t to : points) {
          if (to < from) continue;
          CAPTURE(threads, from, to);
          CHECK((read_range(store, digest, {from, to - from}, 100000) == bytes.substr(from, to - from)));
        }
      CHECK((read_range(store, digest, {12345, 5000}, 1) == bytes.substr(12345, 5000)));
    }
  }
}

TEST_CASE("Pack reader: many at once give the same bytes") {
  test::TempDir directory;
  const auto files = open_files(directory / "blobs");
  SystemEntropy entropy;
  LocalBlobStore store(*files, entropy, 2);
  const std::string bytes = model(2);
  const Digest digest = put(store, bytes).digest;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      const auto reader = store.open(digest, {t * 1000, ByteRange().length});
      std::string all, part(50000 + t, '\0');
      while (const std::size_t got = reader->read(std::as_writable_bytes(std::span(part))))
        all.append(part, 0, got);
      good += all == bytes.substr(t * 1000);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 6);
}

TEST_CASE("Pack reader: dropping one in the middle leaves nothing behind and disturbs no other") {
  test::TempDir directory;
  const auto files = open_files(directory / "blobs");
  SystemEntropy entropy;
  LocalBlobStore store(*files, entropy, 2);
  const std::string bytes = test::table_bytes(3000000, 3);
  const Digest digest = put(store, bytes).digest;
  for (int i = 0; i < 20; ++i) {
    std::string part(1000, '\0');
    store.open(digest, {static_cast<std::uint64_t>(i) * 100000, 2000000})
        ->read(std::as_writable_bytes(std::span(part)));
  }
  CHECK(read_all(store, digest, bytes.size()) == bytes);
}

TEST_CASE("Pack reader: survives that its pack is retired and its file removed") {
  test::TempDir directory;
  const auto files = open_files(directory / "blobs");
  files->make_directory("tmp");
  files->make_directory("packs");
  SystemEntropy entropy;
  StoreParts parts(*files, entropy, 0, {});
  const std::string bytes = test::table_bytes(2000000, 4);
  BlobInfo info{Digest::of(""), 0, 0};
  {
    PackUpload upload(parts, {});
    upload.write(test::as_span(bytes));
    info = upload.finish();
  }
  PackReader reader(parts, info, nullptr, {});
  std::string all(1000, '\0');
  all.resize(reader.read(std::as_writable_bytes(std::span(all))));  // the next eight are on their way
  const auto held = parts.index.packs();
  const std::uint64_t collection = parts.index.begin_collection();
  for (const auto& pack : held) {
    const PackFileName name{pack->name, pack->sealed};
    // What a rewrite does: the chunks are in another pack first.
    auto moved = std::make_shared<Pack>();
    moved->name = "moved";
    moved->file = files->open(path_of(name));
    moved->contents = parts.index.contents(pack);
    parts.index.add(moved, PackIndex::Arrival::moved);
    CHECK(parts.index.retire(pack, collection));
    files->remove(path_of(name));
  }
  std::string part(70000, '\0');
  while (const std::size_t got = reader.read(std::as_writable_bytes(std::span(part))))
    all.append(part, 0, got);
  CHECK(all == bytes);
}

TEST_CASE("Pack reader: a damaged chunk fails the read and nothing of it is given out") {
  test::TempDir directory;
  const std::string bytes = test::table_bytes(1000000, 5);
  std::vector<ChunkInfo> chunks;
  Digest digest = Digest::of("");
  {
    const auto store = open_local_blob_store(directory / "blobs");
    digest = put(*store, bytes).digest;
    store->for_each_chunk(digest, [&](const ChunkInfo& chunk) { chunks.push_back(chunk); });
  }
  REQUIRE(chunks.size() > 4);
  open_local_blob_store(directory / "blobs");  // closes the pack
  CHECK(test::damage(directory / "blobs", RecordKind::chunk, chunks[2].digest) == 1);
  const auto store = open_local_blob_store(directory / "blobs");
  const std::size_t sound = chunks[0].length + chunks[1].length;
  CHECK(read_range(*store, digest, {0, sound}, 5000) == bytes.substr(0, sound));
  const auto reader = store->open(digest, {});
  std::string all, part(5000, '\0');
  try {
    while (const std::size_t got = reader->read(std::as_writable_bytes(std::span(part))))
      all.append(part, 0, got);
    FAIL("read");
  } catch (const Error& error) {
    CHECK(error.code() == Code::corrupt);
    CHECK(error.message().find(digest.text()) != std::string::npos);
    CHECK(error.message().find("--resend") != std::string::npos);
  }
  CHECK(all == bytes.substr(0, sound));
  const std::uint64_t behind = sound + chunks[2].length;
  CHECK(read_range(*store, digest, {behind, ByteRange().length}, 5000) == bytes.substr(behind));
}

}  // namespace
}  // namespace assay
