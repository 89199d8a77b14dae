// SPDX-License-Identifier: Apache-2.0
// Schema 4: which plugin libraries may not run any more. Never change it: add a step.
#include "registry/catalog/migrations.h"

namespace assay {

// The newest row of a digest says how it stands.
const Migration kRevocationMigration = {4, "revocations", R"sql(
CREATE TABLE revocations (
  seq     INTEGER PRIMARY KEY,
  library BLOB NOT NULL CHECK (length(library) = 32),
  revoked INTEGER NOT NULL CHECK (revoked IN (0, 1)),
  reason  TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 4096),
  at      INTEGER NOT NULL,
  by      TEXT NOT NULL
) STRICT;
CREATE INDEX revocations_by_library ON revocations (library, seq);
CREATE TRIGGER revocations_are_append_only_1 BEFORE UPDATE ON revocations
BEGIN SELECT RAISE(ABORT, 'revocations are append-only'); END;
CREATE TRIGGER revocations_are_append_only_2 BEFORE DELETE ON revocations
BEGIN SELECT RAISE(ABORT, 'revocations are append-only'); END;
)sql"};

}  // namespace assay
