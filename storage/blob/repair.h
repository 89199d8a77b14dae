// SPDX-License-Identifier: Apache-2.0
// Puts damaged packs of a local blob store aside and saves what is sound in them. Offline: hold the store's
// directory lock. Nothing is deleted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/env/entropy.h"
#include "storage/env/files.h"

namespace assay {

enum class RebuildIndex {
  where_damaged,  // footers that do not hold are made anew
  everywhere,     // every footer is compared with what the pack's records say
};

struct RepairedFile {
  std::string path;         // as it was
  std::string quarantined;  // where it is now
  std::string what;         // why, one sentence
  std::uint64_t saved = 0;  // sound records that were copied to a new pack
  std::uint64_t lost = 0;   // records that were not
};

struct RepairReport {
  std::uint64_t packs = 0;  // looked at
  std::uint64_t records = 0;
  std::vector<RepairedFile> files;
};

// Reads every byte. Durable when it returns; interrupted, it can be done again. Throws not_found when there
// is no store in the tree, full when there is no room for the copies: then nothing was put aside that is not
// saved.
RepairReport repair(Files& files, Entropy& entropy, RebuildIndex rebuild);

}  // namespace assay
