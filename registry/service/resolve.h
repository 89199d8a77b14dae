// SPDX-License-Identifier: Apache-2.0
// From what a caller wrote to one version. A reference is resolved once, before anything is judged; use the
// digest after.
#pragma once

#include <optional>

#include "registry/access/principal.h"
#include "registry/domain/artifact.h"
#include "registry/service/services.h"
#include "storage/base/error.h"

namespace assay {

class Snapshot;

// The not_found for an artifact that does not exist: names the nearest one, or else says how to list them.
Error no_artifact(Snapshot& snapshot, Kind kind, const Name& name);

// Throws not_found: no_artifact, or naming the numbers that exist or the stages that are set. By digest it is
// the newest version that has it. Inside a transaction of the caller; does not check permissions.
Version resolve(Snapshot& snapshot, Kind kind, const Name& name, const Selector& selector);

// The number of that version, or none, read without its files. A number stands for itself, whether or not
// there is such a version.
std::optional<VersionNumber> find_number(Snapshot& snapshot, Kind kind, const Name& name,
                                         const Selector& selector);

// The same with a view of its own, after requiring `read` on the namespace.
Version resolve(const Services& services, const Principal& caller, Kind kind, const Name& name,
                const Selector& selector);

}  // namespace assay
