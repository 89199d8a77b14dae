// SPDX-License-Identifier: Apache-2.0
// Schema 11: the audit trail's Merkle tree, and that of the entries that are there already. Never change it: add a step.
#include "registry/catalog/audit_tree.h"
#include "registry/catalog/migrations.h"

namespace assay {

// The whole subtrees of registry/domain/merkle.h; level 0 holds the entries' leaves, that of entry `seq` at seq - 1.
const Migration kAuditTreeMigration = {11, "audit tree", R"sql(
CREATE TABLE audit_nodes (
  level    INTEGER NOT NULL CHECK (level BETWEEN 0 AND 62),
  position INTEGER NOT NULL CHECK (position >= 0),
  hash     BLOB NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, position)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER audit_nodes_are_append_only_1 BEFORE UPDATE ON audit_nodes
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_nodes_are_append_only_2 BEFORE DELETE ON audit_nodes
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
)sql",
                                       append_earlier_leaves};

}  // namespace assay
