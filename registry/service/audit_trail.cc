// SPDX-License-Identifier: Apache-2.0
#include "registry/service/audit_trail.h"

#include <fmt/format.h>

#include "registry/catalog/audit.h"
#include "registry/catalog/audit_tree.h"
#include "storage/base/error.h"

namespace assay {
namespace {

// `wanted`, or the trail's size. Throws unless `first` ≤ it ≤ that size.
std::uint64_t check_size(Snapshot& snapshot, std::uint64_t first, std::optional<std::uint64_t> wanted) {
  const std::uint64_t size = audit_size(snapshot), end = wanted.value_or(size);
  if (first >= 1 && first <= end && end <= size) return end;
  throw Error(Code::invalid_argument,
              fmt::format("There is no proof for {} in {}: the trail has {} entries, counted from 1", first, end, size));
}

}  // namespace

Page<AuditEntry> audit_trail(const Services& services, const Principal& caller, const PageRequest& page) {
  require_everywhere(caller, Permission::admin);
  return services.database.read([&](Snapshot& snapshot) { return list_audit(snapshot, page); });
}

std::string audit_texts(const Services& services, const Principal& caller, std::int64_t seq) {
  require_everywhere(caller, Permission::admin);
  std::string out;
  services.database.read([&](Snapshot& snapshot) {
    read_audit(snapshot, seq, [&](const AuditEntry& entry) {
      out += entry_text(entry) += '\n';
      return out.size() < kAuditTextBytes;
    });
  });
  return out;
}

CheckpointKeeper::Signed audit_checkpoint(const Services& services, const Principal& caller) {
  require_everywhere(caller, Permission::admin);
  if (services.checkpoints == nullptr)
    throw Error(Code::unavailable, "This registry has no key to sign its audit trail with");
  return services.checkpoints->sign(services.database);
}

InclusionProof prove_entry(const Services& services, const Principal& caller, std::uint64_t seq,
                           std::optional<std::uint64_t> size) {
  require_everywhere(caller, Permission::admin);
  return services.database.read([&](Snapshot& snapshot) {
    const std::uint64_t end = check_size(snapshot, seq, size);
    const ReadNode nodes = audit_nodes(snapshot);
    return InclusionProof{{end, proof_of(inclusion_path(seq - 1, end), nodes)}, nodes({0, seq - 1})};
  });
}

AuditProof prove_consistency(const Services& services, const Principal& caller, std::uint64_t from,
                             std::optional<std::uint64_t> to) {
  require_everywhere(caller, Permission::admin);
  return services.database.read([&](Snapshot& snapshot) {
    const std::uint64_t end = check_size(snapshot, from, to);
    return AuditProof{end, proof_of(consistency_path(from, end), audit_nodes(snapshot))};
  });
}

}  // namespace assay
