// SPDX-License-Identifier: Apache-2.0
// Evidence in the catalogue: appended, never altered. Each record counts in certain namespaces only: those in
// which its author may record evidence and which hold what it is about. So nobody's word counts in somebody
// else's house.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/catalog/database.h"
#include "registry/domain/evidence.h"
#include "registry/domain/page.h"
#include "registry/domain/policy.h"
#include "registry/domain/readable_spaces.h"

namespace assay {

// `spaces` are the keys of the namespaces where it counts; not empty.
void append_evidence(Transaction& transaction, const Evidence& evidence,
                     const std::vector<std::string>& spaces);

// None too when it counts in no namespace of `readable`.
std::optional<Evidence> find_evidence(Snapshot& snapshot, const Id& id, const ReadableSpaces& readable);

// Newest first. Throws invalid_argument for a cursor that is not of this list.
Page<Evidence> list_evidence(Snapshot& snapshot, const EvidenceQuery& query, const ReadableSpaces& readable,
                             const PageRequest& page);

// Everything that names the digest as model, dataset or reference; newest first, at most `limit`.
std::vector<Evidence> evidence_about(Snapshot& snapshot, const Digest& digest, const ReadableSpaces& readable,
                                     int limit);

// What a policy may need to judge these models in this namespace, in the order recorded: per model the newest
// 256 evaluations on each dataset that it names and 16 on any other, 256 comparisons on each dataset where it
// asks for one, and 16 drift reports if it asks for one; per dataset the newest 256 validations. As it stood at a
// time, if one is given.
std::vector<Evidence> evidence_for(Snapshot& snapshot, const Policy& policy,
                                   const std::vector<Digest>& models, const Namespace& space,
                                   const std::optional<Time>& as_of = {});

// The keys of the namespaces that hold a version with this digest, whatever its kind.
std::vector<std::string> spaces_holding(Snapshot& snapshot, const Digest& version);

}  // namespace assay
