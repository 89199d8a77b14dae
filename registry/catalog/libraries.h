// SPDX-License-Identifier: Apache-2.0
// Plugin libraries by their digest: who publishes them, what was made and judged with them, and whether they
// may still run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/artifact.h"
#include "registry/domain/readable_spaces.h"

namespace assay {

struct Revocation {
  std::string reason;
  Time at;
  std::string by;
};

// None while the library may run, or might at the time that is given.
std::optional<Revocation> find_revocation(Snapshot& snapshot, const Digest& library,
                                          const std::optional<Time>& as_of = {});
// Whether the library is revoked from here on; the history stays.
void append_revocation(Transaction& transaction, const Digest& library, bool revoked,
                       const Revocation& revocation);

// The library that trained the version, if a run says so.
std::optional<Digest> maker_of(Snapshot& snapshot, const Name& model, VersionNumber number);

// Live plugin versions that hold it as a .so file, oldest first, at most `limit`.
std::vector<Version> versions_with_library(Snapshot& snapshot, const Digest& library,
                                           const ReadableSpaces& spaces, int limit);
// Live versions that a run with it made, newest first, at most `limit`.
std::vector<Version> versions_made_with(Snapshot& snapshot, const Digest& library,
                                        const ReadableSpaces& spaces, int limit);
// The name of the plugin that a live version of this digest in the namespace was trained with, if its run says so.
std::optional<std::string> trainer_of(Snapshot& snapshot, const Digest& model, const Namespace& space);
// Live model versions that evidence of it speaks of, newest first, at most `limit`.
std::vector<Version> versions_judged_with(Snapshot& snapshot, const Digest& library,
                                          const ReadableSpaces& spaces, int limit);

}  // namespace assay
