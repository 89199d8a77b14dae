// SPDX-License-Identifier: Apache-2.0
// Makes the k-th file operation fail, for every k, once or from then on, and checks the promises while the
// store is still open and after it was opened again.
#include <cerrno>

#include "storage/base/error.h"
#include "storage/blob/local_blob_store.h"
#include "tests/crash/promises.h"
#include "tests/support/catch.h"
#include "tests/support/hooked_files.h"
#include "tests/support/simulated_disk.h"

namespace assay {
namespace {

using test::FaultAt;
using test::SimulatedDisk;

struct Fault {
  int error_number;
  FaultAt::Mode mode;
};

const Fault kFaults[] = {{EIO, FaultAt::Mode::once},    {EIO, FaultAt::Mode::sticky},
                         {ENOSPC, FaultAt::Mode::once}, {ENOSPC, FaultAt::Mode::sticky},
                         {EMFILE, FaultAt::Mode::once}, {EMFILE, FaultAt::Mode::sticky}};

// Uploads `blobs` while operation `k` fails. False when there is no such operation.
bool survive(const std::vector<std::string>& blobs, std::size_t k, const Fault& given) {
  test::SimulatedDisk disk;
  FaultAt none(0, 0, FaultAt::Mode::once);
  FaultAt fault(k, given.error_number, given.mode);
  FaultAt* current = &none;
  bool sync_failed = false;
  test::HookedFiles files(disk, [&](auto operation, auto path) {
    try {
      (*current)(operation, path);
    } catch (const Error&) {
      sync_failed |= operation.starts_with("sync") && given.error_number != ENOSPC;
      throw;
    }
  });
  SystemEntropy entropy;
  LocalBlobStore store(files, entropy, 0, test::kSmallPacks);
  std::vector<bool> acknowledged(blobs.size());
  current = &fault;
  try {
    test::upload_all(store, blobs, [&](std::size_t i) { acknowledged[i] = true; });
  } catch (const Error& error) {
    CHECK((error.code() == Code::full || error.code() == Code::unavailable));
  }
  current = &none;
  for (std::size_t i = 0; i < blobs.size(); ++i)
    if (acknowledged[i]) CHECK_NOTHROW(store.check(Digest::of(blobs[i])));
  if (sync_failed) {
    CHECK_THROWS_AS(store.begin_upload({}), Error);
  } else {
    CHECK_NOTHROW(store.check(put(store, "goes on").digest));
  }
  CHECK(test::broken_promise(disk, blobs, acknowledged) == "");
  disk.restart(k);
  CHECK(test::broken_promise(disk, blobs, acknowledged) == "");
  return fault.reached();
}

TEST_CASE("Whole or nothing, acknowledged stays, failed sync is final: every operation of an upload fails") {
  for (const Fault& fault : kFaults) {
    auto blobs = test::small_blobs(0);
    const bool is_first = fault.error_number == EIO && fault.mode == FaultAt::Mode::once;
    if (is_first) blobs = test::mixed_blobs(0);
    std::size_t k = 1;
    for (bool reached = true; reached; ++k) {
      CAPTURE(k, fault.error_number, fault.mode == FaultAt::Mode::sticky);
      reached = survive(blobs, k, fault);
    }
    CHECK(k > (is_first ? 40 : 20));
  }
}

TEST_CASE("Whole or nothing: every operation of opening a store fails, and the next attempt succeeds") {
  const auto blobs = test::mixed_blobs(0);
  SystemEntropy entropy;
  for (const int error_number : {EIO, ENOSPC, EMFILE}) {
    test::SimulatedDisk disk;
    {
      LocalBlobStore store(disk, entropy, 0, {.own = 60'000, .shared = 1'000'000, .shared_upload = 30'000});
      test::upload_all(store, blobs, [](std::size_t) {});
    }
    disk.create("tmp/left");
    const SimulatedDisk::Tree tree = disk.tree();  // with an open pack
    for (std::size_t k = 1;; ++k) {
      disk = SimulatedDisk(tree);
      FaultAt fault(k, error_number, FaultAt::Mode::once);
      test::HookedFiles files(disk, std::ref(fault));
      try {
        LocalBlobStore store(files, entropy, 0, test::kSmallPacks);
      } catch (const Error&) {
      }
      if (!fault.reached()) break;
      CAPTURE(k);
      REQUIRE(test::broken_promise(disk, blobs, std::vector<bool>(blobs.size(), true)) == "");
    }
  }
}

}  // namespace
}  // namespace assay
