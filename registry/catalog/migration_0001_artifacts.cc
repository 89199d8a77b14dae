// SPDX-License-Identifier: Apache-2.0
// Schema 1: artifacts and their versions, who uploaded what, tokens, and the audit trail. Never change it:
// add a step.
#include "registry/catalog/migrations.h"

namespace assay {

// `key` columns hold the lower case of the name beside them, which keeps its spelling.
const Migration kArtifactMigration = {1, "artifacts", R"sql(
CREATE TABLE namespaces (
  id   INTEGER PRIMARY KEY,
  key  TEXT NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 96 AND key = lower(key)),
  name TEXT NOT NULL CHECK (lower(name) = key)
) STRICT;

CREATE TABLE artifacts (
  id           INTEGER PRIMARY KEY,
  kind         TEXT NOT NULL CHECK (kind IN ('model', 'dataset', 'plugin')),
  namespace_id INTEGER NOT NULL REFERENCES namespaces (id),
  key          TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 96 AND key = lower(key)),
  name         TEXT NOT NULL CHECK (lower(name) = key),
  last_number  INTEGER NOT NULL DEFAULT 0 CHECK (last_number >= 0),  -- given out so far; only grows
  created_at   INTEGER NOT NULL,
  UNIQUE (kind, namespace_id, key)
) STRICT;

-- The exact bytes whose SHA-256 is a version's digest, once however many versions have it.
CREATE TABLE manifests (
  id            INTEGER PRIMARY KEY,
  digest        BLOB NOT NULL UNIQUE CHECK (length(digest) = 32),
  media_type    TEXT NOT NULL,
  bytes         BLOB NOT NULL CHECK (length(bytes) BETWEEN 1 AND 4194304),
  config_digest BLOB NOT NULL CHECK (length(config_digest) = 32),
  config_size   INTEGER NOT NULL CHECK (config_size >= 0)
) STRICT;
CREATE INDEX manifests_by_config ON manifests (config_digest);

CREATE TABLE manifest_files (
  manifest_id INTEGER NOT NULL REFERENCES manifests (id),
  position    INTEGER NOT NULL CHECK (position >= 0),
  path        TEXT NOT NULL CHECK (length(path) BETWEEN 1 AND 1024),
  digest      BLOB NOT NULL CHECK (length(digest) = 32),
  size        INTEGER NOT NULL CHECK (size >= 0),
  media_type  TEXT NOT NULL,
  PRIMARY KEY (manifest_id, position),
  UNIQUE (manifest_id, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_files_by_digest ON manifest_files (digest);

-- A deleted version keeps its row: neither number nor digest is given out again.
CREATE TABLE versions (
  id          INTEGER PRIMARY KEY,
  artifact_id INTEGER NOT NULL REFERENCES artifacts (id),
  number      INTEGER NOT NULL CHECK (number >= 1),
  manifest_id INTEGER NOT NULL REFERENCES manifests (id),
  created_at  INTEGER NOT NULL,
  created_by  TEXT NOT NULL,
  profile     TEXT CHECK (profile IS NULL OR substr(profile, 1, 1) = '{'),
  run_id      TEXT CHECK (run_id IS NULL OR length(run_id) = 26),
  deleted_at  INTEGER,
  UNIQUE (artifact_id, number)
) STRICT;
CREATE INDEX versions_by_manifest ON versions (manifest_id);
CREATE INDEX versions_by_run ON versions (run_id) WHERE run_id IS NOT NULL;

CREATE INDEX versions_deleted ON versions (artifact_id) WHERE deleted_at IS NOT NULL;

-- What every reader of versions selects from.
CREATE VIEW live_versions (id, kind, namespace, name, number, digest, created_at, created_by, profile, run_id,
                           manifest_id, artifact_id, namespace_key, key) AS
SELECT v.id, a.kind, n.name, a.name, v.number, m.digest, v.created_at, v.created_by, v.profile, v.run_id,
       v.manifest_id, v.artifact_id, n.key, a.key
FROM versions v JOIN artifacts a ON a.id = v.artifact_id JOIN namespaces n ON n.id = a.namespace_id
JOIN manifests m ON m.id = v.manifest_id
WHERE v.deleted_at IS NULL;

CREATE TRIGGER versions_are_immutable
BEFORE UPDATE OF id, artifact_id, number, manifest_id, created_at, created_by, profile, run_id ON versions
BEGIN SELECT RAISE(ABORT, 'a version never changes'); END;
CREATE TRIGGER versions_stay
BEFORE DELETE ON versions
BEGIN SELECT RAISE(ABORT, 'a deleted version keeps its row'); END;

CREATE TABLE labels (
  version_id INTEGER NOT NULL REFERENCES versions (id),
  key        TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 128),
  value      TEXT NOT NULL,
  PRIMARY KEY (version_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX labels_by_value ON labels (key, value);

-- Whose bytes these are until a version holds them: the token that sent them may read them and publish them.
CREATE TABLE uploads (
  principal TEXT NOT NULL CHECK (length(principal) = 26),
  digest    BLOB NOT NULL CHECK (length(digest) = 32),
  size      INTEGER NOT NULL CHECK (size >= 0),
  time      INTEGER NOT NULL,
  PRIMARY KEY (principal, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  id         TEXT PRIMARY KEY CHECK (length(id) = 26),
  hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
  name       TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 96),
  role       TEXT NOT NULL CHECK (role IN ('reader', 'writer', 'promoter', 'admin')),
  namespace  TEXT CHECK (length(namespace) BETWEEN 1 AND 96),  -- NULL: all
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  seq     INTEGER PRIMARY KEY,
  time    INTEGER NOT NULL,
  actor   TEXT NOT NULL,
  action  TEXT NOT NULL,
  subject TEXT NOT NULL,
  details TEXT NOT NULL CHECK (substr(details, 1, 1) = '{')
) STRICT;
CREATE TRIGGER audit_is_append_only_1
BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
CREATE TRIGGER audit_is_append_only_2
BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END;
)sql"};

}  // namespace assay
