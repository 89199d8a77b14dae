// SPDX-License-Identifier: Apache-2.0
// Cuts the power of a simulated disk at every write, sync and rename, lets it keep an arbitrary part of what
// was not synced, and checks the promises. Disks that lie about syncing are the negative control: with them
// it must fail.
#include <random>

#include "storage/base/error.h"
#include "storage/blob/local_blob_store.h"
#include "tests/crash/promises.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_disk.h"

namespace assay {
namespace {

using test::SimulatedDisk;

constexpr std::uint64_t kSeeds = 4;

struct Outcome {
  std::string broken;
  bool interrupted;
};

// Opens a store, uploads, and loses power at the `cut`-th operation of the uploads, and again, if
// `recovery_cut` is not 0, at that operation of the recovery.
Outcome uploads_cut_at(SimulatedDisk::Honesty honesty, std::size_t cut, std::size_t recovery_cut,
                       std::uint64_t seed) {
  SimulatedDisk disk;
  SystemEntropy entropy;
  LocalBlobStore store(disk, entropy);
  disk.become(honesty);
  disk.cut_power_at(disk.operations() + cut);
  auto blobs = test::small_blobs(0);
  blobs.push_back(test::two_block_blob(0));
  std::vector<bool> acknowledged(blobs.size());
  bool interrupted = false;
  try {
    test::upload_all(store, blobs, [&](std::size_t i) { acknowledged[i] = true; });
  } catch (const Error&) {
    interrupted = true;
  }
  disk.restart(seed);
  if (recovery_cut != 0) {
    disk.cut_power_at(recovery_cut);
    try {
      LocalBlobStore(disk, entropy);
    } catch (const Error&) {
    }
    disk.restart(seed + 1);
  }
  return {test::broken_promise(disk, blobs, acknowledged), interrupted};
}

std::size_t broken_runs(SimulatedDisk::Honesty honesty) {
  std::size_t broken = 0;
  for (std::size_t cut = 1;; ++cut) {
    bool interrupted = false;
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      const Outcome outcome = uploads_cut_at(honesty, cut, 0, seed);
      broken += !outcome.broken.empty();
      interrupted |= outcome.interrupted;
    }
    if (!interrupted) return broken;
  }
}

TEST_CASE("Whole or nothing, acknowledged stays: power cut at every operation of an upload") {
  std::size_t cut = 1;
  for (bool interrupted = true; interrupted; ++cut) {
    for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
      CAPTURE(cut, seed);
      const Outcome outcome = uploads_cut_at(SimulatedDisk::Honesty::honest, cut, 0, seed);
      CHECK(outcome.broken == "");
      interrupted = outcome.interrupted;
    }
  }
  CHECK(cut > 30);  // the uploads take that many operations at least
}

TEST_CASE("Whole or nothing, acknowledged stays: power cut again while recovering") {
  for (const std::size_t cut : {7u, 9u, 15u, 17u, 26u}) {
    for (const std::size_t recovery_cut : {1u, 2u, 100u, 257u, 258u, 259u, 260u, 261u}) {
      CAPTURE(cut, recovery_cut);
      CHECK(uploads_cut_at(SimulatedDisk::Honesty::honest, cut, recovery_cut, cut * recovery_cut).broken ==
            "");
    }
  }
}

TEST_CASE("Whole or nothing: power cut at every operation of laying out a new store") {
  SystemEntropy entropy;
  const auto blobs = test::small_blobs(0);
  std::size_t cut = 1;
  for (bool interrupted = true; interrupted; ++cut) {
    SimulatedDisk disk;
    disk.cut_power_at(cut);
    try {
      LocalBlobStore(disk, entropy);
      interrupted = false;
    } catch (const Error&) {
    }
    disk.restart(cut);
    CAPTURE(cut);
    CHECK(test::broken_promise(disk, blobs, std::vector<bool>(blobs.size())) == "");
  }
  CHECK(cut > 256);
}

TEST_CASE("Negative control: a disk that ignores file syncs is caught") {
  CHECK(broken_runs(SimulatedDisk::Honesty::ignores_file_sync) > 0);
}

TEST_CASE("Negative control: a disk that ignores directory syncs is caught") {
  CHECK(broken_runs(SimulatedDisk::Honesty::ignores_directory_sync) > 0);
}

}  // namespace
}  // namespace assay
