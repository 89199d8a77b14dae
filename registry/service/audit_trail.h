// SPDX-License-Identifier: Apache-2.0
// Reading the audit trail, and proofs of what it says. All need `admin` everywhere: entries of all namespaces stand in
// one trail.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/access/principal.h"
#include "registry/domain/audit_entry.h"
#include "registry/domain/page.h"
#include "registry/service/checkpoint_keeper.h"
#include "registry/service/services.h"
#include "storage/base/digest.h"

namespace assay {

// Newest first.
Page<AuditEntry> audit_trail(const Services& services, const Principal& caller, const PageRequest& page);

// The texts of the entries after `seq` (registry/domain/audit_entry.h), oldest first, a line each: about
// kAuditTextBytes of them. Empty when there are none.
inline constexpr std::size_t kAuditTextBytes = 4 << 20;  // few round trips for a million, and little memory
std::string audit_texts(const Services& services, const Principal& caller, std::int64_t seq);

// The trail as it is now, signed. Throws corrupt as CheckpointKeeper::sign, unavailable without a keeper.
CheckpointKeeper::Signed audit_checkpoint(const Services& services, const Principal& caller);

struct AuditProof {
  std::uint64_t size = 0;  // of the tree that it leads to
  std::vector<Digest> hashes;
};
struct InclusionProof : AuditProof {
  Digest leaf;
};
// That entry `seq` is in the tree of the first `size` entries, of all when left out; and that the tree of `to` entries
// continues that of `from`. Throw invalid_argument unless 1 ≤ seq ≤ size, 1 ≤ from ≤ to, and there are so many.
InclusionProof prove_entry(const Services& services, const Principal& caller, std::uint64_t seq,
                           std::optional<std::uint64_t> size);
AuditProof prove_consistency(const Services& services, const Principal& caller, std::uint64_t from,
                             std::optional<std::uint64_t> to);

}  // namespace assay
