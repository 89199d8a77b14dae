// SPDX-License-Identifier: Apache-2.0
// "Live stays": collections beside uploads on several threads, and with the power cut at each of their steps.
#include <array>
#include <atomic>
#include <iostream>
#include <mutex>
#include <thread>

#include "storage/blob/fsck.h"
#include "tests/crash/campaign.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/storage_keeping/stores.h"

namespace assay {
namespace {

using test::random_bytes;
using test::SimulatedDisk;
using test::table_bytes;

// What versions name: a blob is published under a lease, as the registry does, and may be deleted again.
class Catalogue {
 public:
  explicit Catalogue(LocalBlobStore& store) : store_(store) {}

  void publish(const std::string& bytes) {
    const auto upload = store_.begin_upload({});
    upload->write(test::as_span(bytes));
    const Digest digest = upload->finish().digest;
    const auto lease = store_.lease(digest);
    const std::lock_guard lock(mutex_);
    live_.insert(digest);
  }
  // Publishes again what is there already, without sending it: the lease comes before the look.
  bool publish_known(const Digest& digest) {
    try {
      const auto lease = store_.lease(digest);
      const std::lock_guard lock(mutex_);
      live_.insert(digest);
      return true;
    } catch (const Error& error) {
      CHECK(error.code() == Code::not_found);
      return false;
    }
  }
  void remove(const Digest& digest) {
    const std::lock_guard lock(mutex_);
    live_.erase(digest);
  }
  std::set<Digest> live() const {
    const std::lock_guard lock(mutex_);
    return live_;
  }

 private:
  LocalBlobStore& store_;
  mutable std::mutex mutex_;
  std::set<Digest> live_;
};

std::string blob_of(std::uint64_t number) {
  // Neighbours share most of their bytes, so that uploads rely on chunks of blobs that others delete.
  return table_bytes(60'000, number / 4) + random_bytes(2'000, number) + table_bytes(60'000, number / 4 + 1);
}

struct Race {
  std::uint64_t collections = 0;
  std::uint64_t freed_bytes = 0;
  std::size_t live = 0;
  std::string broken;
};

// Three writers publish, delete and publish again, `rounds` times each, while one collection follows another.
Race race(std::uint64_t seed, std::uint64_t rounds) {
  test::TempDir directory;
  const auto store = open_local_blob_store(directory / "blobs");
  Catalogue catalogue(*store);
  std::atomic<bool> done = false;
  Race race;
  std::jthread collector([&] {
    while (!done || race.collections < 3) {
      race.freed_bytes += store
                              ->collect_garbage({.roots =
                                                     [&](const auto& keep) {
                                                       for (const Digest& digest : catalogue.live()) keep(digest);
                                                     }})
                              .freed_bytes;
      ++race.collections;
    }
  });
  {
    std::vector<std::jthread> writers;
    for (std::uint64_t writer = 0; writer < 3; ++writer)
      writers.emplace_back([&, writer] {
        for (std::uint64_t round = 0; round < rounds; ++round) {
          const std::uint64_t number = seed + (writer * 7 + round) % 24;
          catalogue.publish(blob_of(number));
          if (round % 3 == 0) catalogue.remove(Digest::of(blob_of(seed + (number + 5) % 24)));
          if (round % 4 == 0) catalogue.publish_known(Digest::of(blob_of(seed + (number + 9) % 24)));
        }
      });
  }
  done = true;
  collector.join();
  const std::set<Digest> live = catalogue.live();
  race.live = live.size();
  const std::vector<Digest> required(live.begin(), live.end());
  try {
    for (const Digest& digest : live) store->check(digest);
    const FsckReport report = fsck(directory / "blobs", {.required = required});
    if (!report.clean()) race.broken = report.problems[0].path + ": " + report.problems[0].what;
  } catch (const Error& error) {
    race.broken = error.message();
  }
  return race;
}

TEST_CASE("Live stays: uploads, deletions and publications of what is there race with collections") {
  const Race one = race(0, 40);
  CHECK(one.live > 5);
  CHECK(one.broken == "");
}

TEST_CASE("Campaign: collections beside three writers", "[.campaign]") {
  const std::size_t wanted = test::cycles(1'000);
  Race all;
  for (std::uint64_t seed = 0; all.collections < wanted && all.broken.empty(); seed += 1'000) {
    const Race one = race(seed, 200);
    all.collections += one.collections;
    all.freed_bytes += one.freed_bytes;
    all.broken = one.broken;
  }
  std::cout << "collections beside writers: " << all.collections << ", bytes freed: " << all.freed_bytes
            << ", live blobs lost: " << (all.broken.empty() ? "0" : all.broken) << '\n';
  CHECK(all.broken == "");
}

struct Outcome {
  std::string broken;
  bool interrupted;
};

bool is_partial(const BlobStore& store, const std::string& bytes) {
  try {
    return read_all(store, Digest::of(bytes), kMaxBlobSize) != bytes;
  } catch (const Error&) {
    return true;
  }
}

// Collects half of the blobs and loses power at the `cut`-th operation of that.
Outcome collect_cut_at(SimulatedDisk::Honesty honesty, std::size_t cut, std::uint64_t seed) {
  SimulatedDisk disk;
  SystemEntropy entropy;
  std::vector<std::string> blobs;
  std::set<Digest> live;
  // Three sealed packs: one to be removed, one to be rewritten, one to stay with a dead blob in it.
  for (const std::uint64_t pack : {0u, 1u, 2u}) {
    LocalBlobStore store(disk, entropy, 0);
    for (std::uint64_t i = 0; i < 4; ++i) {
      blobs.push_back(random_bytes(6'000, 10 * pack + i));
      put(store, blobs.back());
      if (i < std::array{0u, 1u, 3u}[pack]) live.insert(Digest::of(blobs.back()));
    }
  }
  bool interrupted = false;
  {
    LocalBlobStore store(disk, entropy, 0);
    put(store, random_bytes(1'000, 99));  // an open pack with a dead blob in it
    disk.become(honesty);
    disk.cut_power_at(disk.operations() + cut);
    try {
      test::collect(store, live);
    } catch (const Error&) {
      interrupted = true;
    }
  }
  disk.restart(seed);
  disk.become(SimulatedDisk::Honesty::honest);
  LocalBlobStore store(disk, entropy, 0);
  std::string broken;
  for (const std::string& bytes : blobs) {
    const Digest digest = Digest::of(bytes);
    const auto info = store.stat(digest);
    if (!info && live.contains(digest)) broken += "a live blob is gone; ";
    if (info && is_partial(store, bytes)) broken += "a blob is partial; ";
  }
  test::collect(store, live);
  for (const std::string& bytes : blobs)
    if (live.contains(Digest::of(bytes)) != store.stat(Digest::of(bytes)).has_value())
      broken += "the next collection went wrong; ";
  if (!fsck(disk).clean()) broken += "fsck finds something; ";
  return {broken, interrupted};
}

TEST_CASE("Live stays: power cut at every operation of a collection") {
  std::size_t cut = 1;
  for (bool interrupted = true; interrupted; ++cut) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      CAPTURE(cut, seed);
      const Outcome outcome = collect_cut_at(SimulatedDisk::Honesty::honest, cut, seed);
      CHECK(outcome.broken == "");
      interrupted = outcome.interrupted;
    }
  }
  CHECK(cut > 15);  // a collection takes that many operations at least
}

TEST_CASE("Negative control: a collection on a disk that ignores directory syncs is caught") {
  std::size_t broken = 0, cut = 1;
  for (bool interrupted = true; interrupted && broken == 0; ++cut)
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      const Outcome outcome = collect_cut_at(SimulatedDisk::Honesty::ignores_directory_sync, cut, seed);
      broken += outcome.broken.empty() ? 0 : 1;
      interrupted = outcome.interrupted;
    }
  CHECK(broken > 0);
}

}  // namespace
}  // namespace assay
