// SPDX-License-Identifier: Apache-2.0
// Schema 8: what files are by their content, who vouches for versions, and whose word counts. Never change it: add a step.
#include "registry/catalog/migrations.h"

namespace assay {

const Migration kSigningMigration = {8, "signing", R"sql(
-- What was found in a blob's bytes. It follows from them, so a row may be written anew by a checker that knows more.
CREATE TABLE contents (
  digest   BLOB NOT NULL PRIMARY KEY CHECK (length(digest) = 32),
  checker  INTEGER NOT NULL CHECK (checker >= 1),
  pickle   TEXT NOT NULL CHECK (pickle IN ('no', 'unknown', 'yes')),
  document TEXT NOT NULL CHECK (substr(document, 1, 1) = '{')
) STRICT, WITHOUT ROWID;

-- The newest row of a name says which key it is; without a key, the name was given up.
CREATE TABLE trusted_keys (
  seq   INTEGER PRIMARY KEY,
  space TEXT NOT NULL CHECK (length(space) BETWEEN 1 AND 96 AND space = lower(space)),
  key   TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 96 AND key = lower(key)),
  name  TEXT NOT NULL CHECK (lower(name) = key),
  pem   TEXT,
  at    INTEGER NOT NULL,
  by    TEXT NOT NULL
) STRICT;
CREATE INDEX trusted_keys_by_name ON trusted_keys (space, key, seq);
CREATE TRIGGER trusted_keys_are_append_only_1 BEFORE UPDATE ON trusted_keys
BEGIN SELECT RAISE(ABORT, 'the history of trusted keys is append-only'); END;
CREATE TRIGGER trusted_keys_are_append_only_2 BEFORE DELETE ON trusted_keys
BEGIN SELECT RAISE(ABORT, 'the history of trusted keys is append-only'); END;

-- Of all versions in the namespace with this digest.
CREATE TABLE signatures (
  seq           INTEGER PRIMARY KEY,
  id            TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
  space         TEXT NOT NULL CHECK (length(space) BETWEEN 1 AND 96 AND space = lower(space)),
  model         BLOB NOT NULL CHECK (length(model) = 32),
  hint          TEXT NOT NULL CHECK (length(hint) BETWEEN 1 AND 256),
  bundle_digest BLOB NOT NULL CHECK (length(bundle_digest) = 32),
  bundle        TEXT NOT NULL CHECK (length(bundle) <= 16777216),
  at            INTEGER NOT NULL,
  by            TEXT NOT NULL,
  UNIQUE (space, model, bundle_digest)
) STRICT;
CREATE TRIGGER signatures_are_append_only_1 BEFORE UPDATE ON signatures
BEGIN SELECT RAISE(ABORT, 'signatures are append-only'); END;
CREATE TRIGGER signatures_are_append_only_2 BEFORE DELETE ON signatures
BEGIN SELECT RAISE(ABORT, 'signatures are append-only'); END;
)sql"};

}  // namespace assay
