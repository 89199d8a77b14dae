// SPDX-License-Identifier: Apache-2.0
// Schema 5: what promotion by machines needs: requests that may be sent twice. Never change it: add a step.
#include "registry/catalog/migrations.h"

namespace assay {

const Migration kPromotionMigration = {5, "promotion", R"sql(
-- What was recorded for a request that came with an Idempotency-Key, for a day: a repeat finds the record
-- here instead of making a second one. `caller` is a token's id, `subject` the id or number of the record.
CREATE TABLE request_keys (
  caller      TEXT NOT NULL CHECK (length(caller) = 26),
  key         TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 128),
  operation   TEXT NOT NULL,
  fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 32),
  subject     TEXT NOT NULL CHECK (length(subject) > 0),
  created_at  INTEGER NOT NULL,
  PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_keys_by_time ON request_keys (created_at);
)sql"};

}  // namespace assay
