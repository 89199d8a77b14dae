// SPDX-License-Identifier: Apache-2.0
// Evidence in the catalogue: appended, never altered. Each record counts in certain namespaces only: those in
// which its author may record evidence and which hold what it is about. So nobody's word counts in somebody
// else's house.
#pragma once

#include <cstdint>
#include <map>
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

// Records that were read before. They never change, so a later snapshot need not parse them again.
class EvidenceMemo {
 public:
  void keep(std::vector<Evidence> records);
  // Gives it away, or reads it.
  Evidence take(Snapshot& snapshot, std::int64_t seq, const Id& id);

 private:
  std::map<Id, Evidence> records_;
};

// What a policy may need to judge these models in this namespace, in the order recorded: per model the newest
// 256 evaluations on each dataset that it names and 16 on any other, 256 comparisons on each dataset where it
// asks for one, and 16 drift reports if it asks for one; per dataset the newest 256 validations. Of evaluations that
// one plugin made alike (on the same dataset and slice, with the same config and seed) the newest 8 are enough. As it
// stood at a time, if one is given. What `memo` has is taken from there.
std::vector<Evidence> evidence_for(Snapshot& snapshot, const Policy& policy,
                                   const std::vector<Digest>& models, const Namespace& space,
                                   const std::optional<Time>& as_of, EvidenceMemo& memo);

// The keys of the namespaces that hold a version with this digest, whatever its kind.
std::vector<std::string> spaces_holding(Snapshot& snapshot, const Digest& version);

}  // namespace assay
