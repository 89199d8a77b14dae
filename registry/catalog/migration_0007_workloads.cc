// SPDX-License-Identifier: Apache-2.0
// Schema 7: workloads that identify themselves by their provider's tokens. Never change it: add a step.
#include "registry/catalog/migrations.h"

namespace assay {

const Migration kWorkloadMigration = {7, "workloads", R"sql(
CREATE TABLE trusts (
  name     TEXT PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 64),
  document TEXT NOT NULL CHECK (substr(document, 1, 1) = '{'),
  at       INTEGER NOT NULL,
  by       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What the provider said of who a token was given to; NULL: a person's or a program's own.
ALTER TABLE tokens ADD COLUMN workload TEXT CHECK (workload IS NULL OR substr(workload, 1, 1) = '{');
CREATE INDEX tokens_of_workloads ON tokens (expires_at) WHERE workload IS NOT NULL;
)sql"};

}  // namespace assay
