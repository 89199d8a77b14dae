// SPDX-License-Identifier: Apache-2.0
// What versions were made from and what was made from them, through however many runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/kind.h"
#include "registry/domain/readable_spaces.h"
#include "storage/base/digest.h"

namespace assay {

struct Kin {
  Kind kind;
  Digest digest;
  std::optional<std::string> reference;  // of one that may be read; none: deleted, never pushed, or somebody else's
  int distance = 1;                      // runs in between
  Digest next;                           // its neighbour on a shortest way to where the search began
};

// Nearest first, each once; at most `limit`. Only runs and versions of `readable` are followed.
std::vector<Kin> ancestors_of(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& readable, int limit);
std::vector<Kin> descendants_of(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& readable, int limit);

}  // namespace assay
