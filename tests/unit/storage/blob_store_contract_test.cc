// SPDX-License-Identifier: Apache-2.0
// What every BlobStore promises, run on the real one and on the one in memory that other tests use.
#include <algorithm>
#include <optional>
#include <thread>

#include "storage/base/byte_size.h"
#include "storage/base/error.h"
#include "storage/base/limits.h"
#include "storage/blob/local_blob_store.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/memory_blob_store.h"
#include "tests/support/temp_dir.h"

namespace assay {
namespace {

using test::as_span;
using test::random_bytes;
using test::table_bytes;

struct Local {
  test::TempDir directory;
  std::unique_ptr<BlobStore> owned = open_local_blob_store(directory / "blobs");
  BlobStore& store = *owned;
};

struct Memory {
  test::MemoryBlobStore store;
};

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};

template <typename Action>
Code code_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK_FALSE(error.message().empty());
    return error.code();
  }
  FAIL("nothing was thrown");
  return Code::internal;
}

std::string read_range(const BlobStore& store, const Digest& digest, const ByteRange& range,
                       std::size_t step) {
  const auto reader = store.open(digest, range);
  std::string all;
  std::string part(step, '\0');
  for (;;) {
    const std::size_t got = reader->read(std::as_writable_bytes(std::span(part)));
    if (got == 0) break;
    all.append(part, 0, got);
  }
  CHECK(all.size() == reader->size());
  return all;
}

void upload_in_parts(BlobUpload& upload, std::string_view bytes, std::size_t step) {
  for (std::size_t at = 0; at < bytes.size(); at += step) upload.write(as_span(bytes.substr(at, step)));
}

TEMPLATE_TEST_CASE("Blob store: what is put comes back, at every boundary of a block", "", Local, Memory) {
  TestType target;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100}, kMiB - 1, kMiB, kMiB + 1,
                                 3 * kMiB, 5 * kMiB + 12345}) {
    for (const std::string& bytes : {random_bytes(size, 1), table_bytes(size, 2), std::string(size, '\0')}) {
      CAPTURE(size);
      const BlobInfo info = put(target.store, bytes);
      CHECK(info.digest == Digest::of(bytes));
      CHECK(info.size == size);
      CHECK(target.store.stat(info.digest) == info);
      CHECK((read_all(target.store, info.digest, kNoLimit) == bytes));
      CHECK_NOTHROW(target.store.check(info.digest));
    }
  }
}

TEMPLATE_TEST_CASE("Blob store: how an upload is cut into writes does not matter", "", Local, Memory) {
  TestType target;
  const std::string bytes = table_bytes(2 * kMiB + 777, 3);
  std::optional<BlobInfo> first;
  for (const std::size_t step : {std::size_t{1000}, std::size_t{65536}, kMiB, kMiB + 1, bytes.size()}) {
    TestType fresh;
    const auto upload = fresh.store.begin_upload({});
    upload->write({});
    upload_in_parts(*upload, bytes, step);
    const BlobInfo info = upload->finish();
    if (!first) first = info;
    CHECK(info == *first);
    CHECK((read_all(fresh.store, info.digest, kNoLimit) == bytes));
  }
}

TEMPLATE_TEST_CASE("Blob store: a range gives those bytes and no others", "", Local, Memory) {
  TestType target;
  const std::string bytes = table_bytes(3 * kMiB + 5, 4);
  const Digest digest = put(target.store, bytes).digest;
  const std::uint64_t points[] = {0,        1,        kMiB - 1,     kMiB,        kMiB + 1,
                                  2 * kMiB, 3 * kMiB, 3 * kMiB + 4, 3 * kMiB + 5};
  for (const std::uint64_t offset : points) {
    for (const std::uint64_t length :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{70000}, kMiB, kMiB + 2, kNoLimit}) {
      CAPTURE(offset, length);
      const std::string expected = bytes.substr(offset, length);
      CHECK((read_range(target.store, digest, {offset, length}, 8192) == expected));
      CHECK((read_range(target.store, digest, {offset, length}, 2 * kMiB) == expected));
    }
  }
  CHECK(target.store.open(digest, {7, 3})->blob().size == bytes.size());
  CHECK(code_of([&] { target.store.open(digest, {bytes.size() + 1, 0}); }) == Code::invalid_argument);
}

TEMPLATE_TEST_CASE("Blob store: whether a reader is asked for little or much, or both in turn, does not matter", "", Local,
                   Memory) {
  TestType target;
  const std::string bytes = table_bytes(4 * kMiB, 5);
  const auto reader = target.store.open(put(target.store, bytes).digest, {10, bytes.size() - 20});
  const std::size_t steps[] = {1, 700, kMiB / 2, kMiB / 16, kMiB / 16, 200'000};
  std::string all;
  for (std::size_t turn = 0, got = 1; got > 0; ++turn) {
    std::string part(steps[turn % std::size(steps)], '\0');
    got = reader->read(std::as_writable_bytes(std::span(part)));
    all.append(part, 0, got);
  }
  CHECK((all == bytes.substr(10, bytes.size() - 20)));
}

// So many that they have more to hold than memory is set aside for.
TEMPLATE_TEST_CASE("Blob store: uploads that are under way together come out whole, each of them", "", Local, Memory) {
  TestType target;
  constexpr std::size_t kUploads = 12;
  std::vector<std::string> contents;
  std::vector<std::unique_ptr<BlobUpload>> uploads;
  for (std::size_t i = 0; i < kUploads; ++i) {
    contents.push_back(random_bytes(2 * kMiB + i, 100 + i));
    uploads.push_back(target.store.begin_upload({}));
  }
  for (std::size_t at = 0; at < 2 * kMiB + kUploads; at += 100'000)
    for (std::size_t i = 0; i < kUploads; ++i)
      if (at < contents[i].size()) uploads[i]->write(as_span(std::string_view(contents[i]).substr(at, 100'000)));
  uploads.erase(uploads.begin());  // one is given up
  for (std::size_t i = 1; i < kUploads; ++i) {
    const BlobInfo info = uploads[i - 1]->finish();
    CHECK(info.digest == Digest::of(contents[i]));
    CHECK((read_all(target.store, info.digest, kNoLimit) == contents[i]));
  }
  CHECK(code_of([&] { target.store.open(Digest::of(contents[0]), {}); }) == Code::not_found);
}

TEMPLATE_TEST_CASE("Blob store: what was never stored is not found", "", Local, Memory) {
  TestType target;
  const Digest digest = Digest::of("nothing");
  CHECK_FALSE(target.store.stat(digest).has_value());
  CHECK(code_of([&] { target.store.open(digest, {}); }) == Code::not_found);
  CHECK(code_of([&] { target.store.check(digest); }) == Code::not_found);
}

TEMPLATE_TEST_CASE("Blob store: a wrong digest publishes nothing", "", Local, Memory) {
  TestType target;
  const auto upload = target.store.begin_upload({.digest = Digest::of("announced")});
  upload->write(as_span("sent"));
  CHECK(code_of([&] { upload->finish(); }) == Code::invalid_argument);
  CHECK_FALSE(target.store.stat(Digest::of("sent")).has_value());
  CHECK_FALSE(target.store.stat(Digest::of("announced")).has_value());
  CHECK(target.store.totals() == BlobTotals{});
}

TEMPLATE_TEST_CASE("Blob store: knowing a stored digest does not pass for its bytes", "", Local, Memory) {
  TestType target;
  const Digest digest = put(target.store, "the real bytes").digest;
  const auto upload = target.store.begin_upload({.digest = digest});
  upload->write(as_span("something else"));
  CHECK(code_of([&] { upload->finish(); }) == Code::invalid_argument);
  CHECK(code_of([&] { target.store.begin_upload({.digest = digest})->finish(); }) == Code::invalid_argument);
}

TEMPLATE_TEST_CASE("Blob store: more or fewer bytes than announced publish nothing", "", Local, Memory) {
  TestType target;
  const auto more = target.store.begin_upload({.size = 3});
  more->write(as_span("ab"));
  CHECK(code_of([&] { more->write(as_span("cd")); }) == Code::invalid_argument);
  CHECK(code_of([&] { more->finish(); }) == Code::internal);
  const auto fewer = target.store.begin_upload({.size = 3});
  fewer->write(as_span("ab"));
  CHECK(code_of([&] { fewer->finish(); }) == Code::invalid_argument);
  CHECK(target.store.totals() == BlobTotals{});
}

TEMPLATE_TEST_CASE("Blob store: an upload that is dropped leaves nothing", "", Local, Memory) {
  TestType target;
  const std::string bytes = random_bytes(2 * kMiB, 5);
  {
    const auto upload = target.store.begin_upload({});
    upload->write(as_span(bytes));
  }
  CHECK_FALSE(target.store.stat(Digest::of(bytes)).has_value());
  CHECK(target.store.totals() == BlobTotals{});
}

TEMPLATE_TEST_CASE("Blob store: a finished upload cannot be used again", "", Local, Memory) {
  TestType target;
  const auto upload = target.store.begin_upload({});
  upload->finish();
  CHECK(code_of([&] { upload->write(as_span("x")); }) == Code::internal);
  CHECK(code_of([&] { upload->finish(); }) == Code::internal);
}

TEMPLATE_TEST_CASE("Blob store: the same bytes twice are one blob", "", Local, Memory) {
  TestType target;
  const std::string bytes = random_bytes(100000, 6);
  const BlobInfo first = put(target.store, bytes);
  const BlobTotals once = target.store.totals();
  CHECK(put(target.store, bytes) == first);  // announced
  const auto upload = target.store.begin_upload({});
  upload->write(as_span(bytes));
  CHECK(upload->finish() == first);  // found out at the end
  CHECK(target.store.totals() == once);
}

TEMPLATE_TEST_CASE("Blob store: lists every blob once, in order, and totals agree", "", Local, Memory) {
  TestType target;
  BlobTotals expected;
  std::vector<Digest> digests;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const BlobInfo info = put(target.store, random_bytes(10 * seed, seed));
    digests.push_back(info.digest);
    ++expected.blobs;
    expected.raw_bytes += info.size;
    expected.stored_bytes += info.stored_size;
  }
  std::sort(digests.begin(), digests.end());
  std::vector<Digest> listed;
  target.store.for_each([&](const Digest& digest) { listed.push_back(digest); });
  CHECK((listed == digests));
  CHECK(target.store.totals() == expected);
}

TEMPLATE_TEST_CASE("Blob store: reading all refuses what is larger than expected", "", Local, Memory) {
  TestType target;
  const Digest digest = put(target.store, "12345").digest;
  CHECK(read_all(target.store, digest, 5) == "12345");
  CHECK(code_of([&] { read_all(target.store, digest, 4); }) == Code::too_large);
}

TEMPLATE_TEST_CASE("Blob store: threads upload and read at once, the same blob included", "", Local, Memory) {
  TestType target;
  const std::string shared = table_bytes(kMiB + 10, 7);
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < 5; ++i) {
        const std::string own = random_bytes(1000 + t, 10 * t + i);
        const Digest digest = put(target.store, own).digest;
        const auto upload = target.store.begin_upload({});
        upload->write(as_span(shared));
        const BlobInfo info = upload->finish();
        if (read_all(target.store, digest, kNoLimit) == own &&
            read_all(target.store, info.digest, kNoLimit) == shared)
          ++good;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 20);
  CHECK(target.store.totals().blobs == 21);
}

}  // namespace
}  // namespace assay
