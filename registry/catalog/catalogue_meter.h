// SPDX-License-Identifier: Apache-2.0
// What the catalogue's writer and readers are doing: counted where it happens, looked at by whoever watches the server.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "storage/base/histogram.h"

namespace assay {

// A commit is a disk sync: a fraction of a millisecond on a good disk, seconds on one that dies.
inline constexpr std::array<double, 9> kCommitSeconds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5};
inline constexpr std::array<double, 8> kCommitWrites = {1, 2, 4, 8, 16, 32, 64, 128};

// Any thread.
struct CatalogueMeter {
  Histogram commit_seconds{kCommitSeconds};
  Histogram commit_writes{kCommitWrites};         // how many writes shared a commit
  std::atomic<std::size_t> writes_waiting{0};     // for their commit, those in it included
  std::atomic<std::uint64_t> writes_refused{0};   // because too many waited
  std::atomic<bool> disk_failed{false};           // nothing is written until a restart
  std::atomic<std::size_t> readers{0}, readers_busy{0};
  std::atomic<std::uint64_t> reads_refused{0};    // because no reader got free in time
};

}  // namespace assay
