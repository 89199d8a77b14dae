// SPDX-License-Identifier: Apache-2.0
// Cuts the power of a simulated disk at every write, sync and rename, lets it keep an arbitrary part of what
// was not synced, and checks the promises. Disks that lie about syncing are the negative control: with them
// it must fail.
#include <iostream>
#include <random>

#include "storage/base/error.h"
#include "storage/blob/local_blob_store.h"
#include "tests/crash/campaign.h"
#include "tests/crash/promises.h"
#include "tests/support/catch.h"
#include "tests/support/simulated_disk.h"

namespace assay {
namespace {

using test::SimulatedDisk;

constexpr std::uint64_t kSeeds = 4;

struct Outcome {
  std::string broken;
  bool interrupted;           // the uploads were
  bool recovery_interrupted;  // and so was the recovery
};

// Opens a store, uploads, and loses power at the `cut`-th operation of the uploads, and again, if
// `recovery_cut` is not 0, at that operation of the recovery.
Outcome uploads_cut_at(SimulatedDisk::Honesty honesty, const std::vector<std::string>& blobs, std::size_t cut,
                       std::size_t recovery_cut, std::uint64_t seed) {
  SimulatedDisk disk;
  SystemEntropy entropy;
  LocalBlobStore store(disk, entropy, 0, test::kSmallPacks);
  disk.become(honesty);
  disk.cut_power_at(disk.operations() + cut);
  std::vector<bool> acknowledged(blobs.size());
  Outcome outcome{};
  try {
    test::upload_all(store, blobs, [&](std::size_t i) { acknowledged[i] = true; });
  } catch (const Error&) {
    outcome.interrupted = true;
  }
  disk.restart(seed);
  if (recovery_cut != 0) {
    disk.cut_power_at(recovery_cut);
    try {
      LocalBlobStore(disk, entropy, 0, test::kSmallPacks);
    } catch (const Error&) {
      outcome.recovery_interrupted = true;
    }
    disk.restart(seed + 1);
  }
  outcome.broken = test::broken_promise(disk, blobs, acknowledged);
  return outcome;
}

// Cuts at every operation and counts.
struct Campaign {
  std::size_t cuts = 0;
  std::size_t broken = 0;
  std::string first;  // what the first broken one broke
};

Campaign cut_everywhere(SimulatedDisk::Honesty honesty, const std::vector<std::string>& blobs,
                        std::uint64_t first_seed, std::uint64_t seeds) {
  Campaign campaign;
  bool interrupted = true;
  for (std::size_t cut = 1; interrupted; ++cut) {
    interrupted = false;
    for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
      const Outcome outcome = uploads_cut_at(honesty, blobs, cut, 0, seed);
      interrupted |= outcome.interrupted;
      ++campaign.cuts;
      if (outcome.broken.empty()) continue;
      if (campaign.broken++ == 0)
        campaign.first =
            "cut " + std::to_string(cut) + ", seed " + std::to_string(seed) + ": " + outcome.broken;
    }
  }
  return campaign;
}

void check_uploads(const std::vector<std::string>& blobs, std::size_t least_cuts) {
  const Campaign campaign = cut_everywhere(SimulatedDisk::Honesty::honest, blobs, 0, kSeeds);
  CHECK(campaign.first == "");
  CHECK(campaign.broken == 0);
  CHECK(campaign.cuts >= least_cuts * kSeeds);  // the uploads take that many operations at least
}

TEST_CASE("Whole or nothing, acknowledged stays: power cut at every operation of uploads that share packs") {
  check_uploads(test::small_blobs(0), 15);
}

TEST_CASE(
    "Whole or nothing, acknowledged stays: power cut at every operation of an upload of several packs") {
  check_uploads({test::large_blob(0)}, 12);
}

TEST_CASE("Whole or nothing, acknowledged stays: power cut at every operation of small and large uploads") {
  check_uploads(test::mixed_blobs(1), 30);
}

TEST_CASE("Whole or nothing, acknowledged stays: power cut again at every operation of recovering") {
  const auto blobs = test::mixed_blobs(0);
  std::size_t cuts = 0;
  for (std::size_t cut = 3;; cut += 5) {
    bool interrupted = false;
    bool recovery_interrupted = true;
    for (std::size_t recovery_cut = 1; recovery_interrupted; ++recovery_cut) {
      CAPTURE(cut, recovery_cut);
      const Outcome outcome =
          uploads_cut_at(SimulatedDisk::Honesty::honest, blobs, cut, recovery_cut, 100 * cut + recovery_cut);
      CHECK(outcome.broken == "");
      interrupted |= outcome.interrupted;
      recovery_interrupted = outcome.recovery_interrupted;
      ++cuts;
    }
    if (!interrupted) break;
  }
  CHECK(cuts > 50);
}

TEST_CASE("Whole or nothing: power cut at every operation of laying out a new store") {
  SystemEntropy entropy;
  const auto blobs = test::small_blobs(0);
  std::size_t cut = 1;
  for (bool interrupted = true; interrupted; ++cut) {
    SimulatedDisk disk;
    disk.cut_power_at(cut);
    try {
      LocalBlobStore(disk, entropy, 0);
      interrupted = false;
    } catch (const Error&) {
    }
    disk.restart(cut);
    CAPTURE(cut);
    CHECK(test::broken_promise(disk, blobs, std::vector<bool>(blobs.size())) == "");
  }
  CHECK(cut > 8);
}

TEST_CASE("Negative control: a disk that ignores file syncs is caught, whatever is uploaded") {
  for (const auto& blobs : {test::small_blobs(0), {test::large_blob(0)}})
    CHECK(cut_everywhere(SimulatedDisk::Honesty::ignores_file_sync, blobs, 0, kSeeds).broken > 0);
}

TEST_CASE("Negative control: a disk that ignores directory syncs is caught, whatever is uploaded") {
  for (const auto& blobs : {test::small_blobs(0), {test::large_blob(0)}})
    CHECK(cut_everywhere(SimulatedDisk::Honesty::ignores_directory_sync, blobs, 0, kSeeds).broken > 0);
}

TEST_CASE("Campaign: power cuts", "[.campaign]") {
  const std::size_t wanted = test::cycles(1000);
  Campaign all;
  for (std::uint64_t round = 0; all.cuts < wanted; ++round) {
    const Campaign one =
        cut_everywhere(SimulatedDisk::Honesty::honest, test::mixed_blobs(round), 1000 * round, 8);
    all.cuts += one.cuts;
    all.broken += one.broken;
    if (all.first.empty()) all.first = one.first;
  }
  std::cout << "power cuts: " << all.cuts << ", broken promises: " << all.broken << '\n';
  CHECK(all.first == "");
}

}  // namespace
}  // namespace assay
