// SPDX-License-Identifier: Apache-2.0
#include "storage/blob/shared_pack.h"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "storage/base/error.h"
#include "storage/blob/local_layout.h"
#include "tests/support/bytes.h"
#include "tests/support/catch.h"
#include "tests/support/hooked_files.h"
#include "tests/support/pack_files.h"
#include "tests/support/simulated_disk.h"
#include "tests/support/temp_dir.h"

namespace assay {
namespace {

Digest id_of(std::size_t i) {
  return Digest::of("chunk " + std::to_string(i));
}

RecordBatch batch_of(std::size_t i, std::size_t size) {
  RecordBatch batch;
  batch.add({.kind = RecordKind::chunk, .raw_length = static_cast<std::uint32_t>(size), .id = id_of(i)},
            test::as_span(test::table_bytes(size, i)));
  return batch;
}

// A shared pack that is closed at 4 KB, on any files.
struct Target {
  explicit Target(Files& the_files) : files(the_files) {
    files.make_directory("packs");
    files.make_directory("tmp");
  }
  void commit(std::size_t i, std::size_t size = 100) { shared.commit(std::vector{batch_of(i, size)}); }
  bool has(std::size_t i) const { return index.find(RecordKind::chunk, id_of(i)).has_value(); }

  Files& files;
  SystemEntropy entropy;
  DurablePublisher publisher{files};
  PackIndex index;
  SharedPack shared{files, entropy, publisher, index, 4096};
};

std::size_t count(const Files& files, std::string_view suffix) {
  std::size_t count = 0;
  for (const FileEntry& entry : files.list("packs")) count += entry.name.ends_with(suffix);
  return count;
}

TEST_CASE("Shared pack: batches follow each other in one pack, which is closed when it is full") {
  test::SimulatedDisk disk;
  Target target(disk);
  for (std::size_t i = 0; i < 60; ++i) {
    target.commit(i);
    CHECK(target.has(i));
  }
  CHECK(count(disk, layout::kSealed) == 2);
  CHECK(count(disk, layout::kOpen) == 1);
  std::size_t records = 0;
  std::vector<std::byte> buffer;
  for (const test::OpenPack& pack : test::packs_of(disk)) {
    const PackContents& contents = pack.pack->contents;
    records += contents.entries.size();
    for (const PackEntry& entry : contents.entries)
      CHECK_NOTHROW(read_record(*pack.pack->file, entry, contents.bases_of(entry), buffer));
  }
  CHECK(records == 60);
}

TEST_CASE("Shared pack: those who come while a sync is under way share the next one") {
  test::TempDir directory;
  const auto real = open_files(directory / "tree");
  std::mutex mutex;
  std::condition_variable changed;
  bool held = false, let_go = false;
  std::atomic<int> syncs = 0, begun = 0;
  test::HookedFiles files(*real, [&](auto operation, auto) {
    if (operation != "sync" || ++syncs != 1) return;
    std::unique_lock lock(mutex);
    held = true;
    changed.notify_all();
    changed.wait(lock, [&] { return let_go; });
  });
  Target target(files);
  std::vector<std::thread> writers;
  writers.emplace_back([&] { target.commit(0); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return held; });
  }
  for (std::size_t i = 1; i < 9; ++i)
    writers.emplace_back([&, i] {
      ++begun;
      target.commit(i);
    });
  while (begun < 8) std::this_thread::yield();
  {
    const std::lock_guard lock(mutex);
    let_go = true;
  }
  changed.notify_all();
  for (std::thread& writer : writers) writer.join();
  for (std::size_t i = 0; i < 9; ++i) CHECK(target.has(i));
  CHECK(syncs <= 9);
  CHECK(count(*real, layout::kOpen) == 1);
}

TEST_CASE(
    "Shared pack: a failure in the middle keeps what was committed before, and goes on in another pack") {
  test::SimulatedDisk disk;
  std::string fail_at;
  test::HookedFiles files(disk, [&](auto operation, auto) {
    if (operation == fail_at) throw system_error("Test fault", ENOSPC);
  });
  for (const std::string operation : {"append", "sync"}) {
    CAPTURE(operation);
    Target target(files);
    target.commit(0);
    fail_at = operation;
    for (int again = 0; again < 2; ++again) {
      try {
        target.commit(1);
        FAIL("committed");
      } catch (const Error& error) {
        CHECK(error.code() == Code::full);
      }
    }
    fail_at.clear();
    CHECK(target.has(0));
    CHECK_FALSE(target.has(1));
    target.commit(2);  // there is room again
    target.commit(1);
    CHECK(target.has(1));
    std::size_t sound = 0;
    for (const test::OpenPack& pack : test::packs_of(disk)) {
      for (const PackEntry& entry : pack.pack->contents.entries) sound += entry.id == id_of(0);
      files.remove(pack.path());
    }
    CHECK(sound == 1);  // also for whoever opens the store again
  }
}

TEST_CASE("Shared pack: a sync that failed is the end of all commits") {
  test::SimulatedDisk disk;
  bool broken = false;
  test::HookedFiles files(disk, [&](auto operation, auto) {
    if (broken && operation == "sync") throw system_error("Test fault", EIO);
  });
  Target target(files);
  target.commit(0);
  broken = true;
  CHECK_THROWS_AS(target.commit(1), Error);
  broken = false;
  CHECK_THROWS_AS(target.commit(2), Error);
  CHECK(target.has(0));
  CHECK_FALSE(target.has(1));
  CHECK_FALSE(target.has(2));
}

TEST_CASE("Shared pack: a pack that cannot be closed fails nobody's commit") {
  for (const std::string operation : {"rename", "open_directory", "append"}) {
    CAPTURE(operation);
    test::SimulatedDisk disk;
    bool armed = false;
    std::size_t appends = 0;
    test::HookedFiles files(disk, [&](auto done, auto) {
      if (armed && done == operation && (operation != "append" || ++appends == 2))
        throw system_error("Test fault", ENOSPC);
    });
    Target target(files);
    target.commit(0, 100);
    armed = true;
    target.commit(1, 5000);  // makes it full; the second append is the footer's
    armed = false;
    target.commit(2, 100);
    for (std::size_t i = 0; i < 3; ++i) CHECK(target.has(i));
    CHECK(count(disk, layout::kOpen) == 2);
    std::size_t records = 0;
    for (const test::OpenPack& pack : test::packs_of(disk)) records += pack.pack->contents.entries.size();
    CHECK(records == 3);
  }
}

}  // namespace
}  // namespace assay
