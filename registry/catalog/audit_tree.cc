// SPDX-License-Identifier: Apache-2.0
#include "registry/catalog/audit_tree.h"

#include <fmt/format.h>

#include "registry/catalog/audit.h"
#include "storage/base/error.h"

namespace assay {
namespace {

Error lost(std::string_view what) {
  return Error(Code::corrupt, fmt::format("The audit trail has lost {}: somebody else has changed the catalogue; stop "
                                          "the server and run assay fsck",
                                          what));
}

}  // namespace

void append_leaf(Transaction& transaction, const AuditEntry& entry) {
  const std::uint64_t size = audit_size(transaction);
  if (static_cast<std::uint64_t>(entry.seq) != size + 1)
    throw lost(fmt::format("entries: {} would follow {}", entry.seq, size));
  grow_tree(size, leaf_hash(entry_text(entry)), audit_nodes(transaction),
            [&](const TreeNode& node, const Digest& hash) {
              transaction.execute("INSERT INTO audit_nodes (level, position, hash) VALUES (?, ?, ?)",
                                  {node.level, node.position, hash});
            });
}

std::uint64_t audit_size(Snapshot& snapshot) {
  Rows rows = snapshot.query("SELECT position FROM audit_nodes WHERE level = 0 ORDER BY position DESC LIMIT 1");
  return rows.next() ? static_cast<std::uint64_t>(rows.get<std::int64_t>(0)) + 1 : 0;
}

ReadNode audit_nodes(Snapshot& snapshot) {
  return [&snapshot](const TreeNode& node) {
    Rows rows = snapshot.query("SELECT hash FROM audit_nodes WHERE level = ? AND position = ?",
                               {node.level, node.position});
    if (!rows.next()) throw lost(fmt::format("node {} of level {} of its tree", node.position, node.level));
    return rows.get<Digest>(0);
  };
}

TreeHead audit_head(Snapshot& snapshot) {
  const std::uint64_t size = audit_size(snapshot);
  return {size, tree_root(size, audit_nodes(snapshot))};
}

void append_earlier_leaves(Transaction& transaction) {
  read_audit(transaction, 0, [&](const AuditEntry& entry) {
    append_leaf(transaction, entry);
    return true;
  });
}

}  // namespace assay
