// SPDX-License-Identifier: Apache-2.0
// Schema 3: what keeping the store needs: how much each artifact holds, quotas, and where scrubbing stands.
// Never change it: add a step.
#include "registry/catalog/migrations.h"

namespace assay {

const Migration kKeepingMigration = {3, "keeping", R"sql(
-- Raw bytes of the files of live versions, each version counted in full: what an artifact would take without
-- deduplication. Kept by the triggers below, so that publishing stays constant in the number of versions.
CREATE TABLE artifact_usage (
  artifact_id INTEGER PRIMARY KEY REFERENCES artifacts (id),
  versions    INTEGER NOT NULL CHECK (versions >= 0),
  bytes       INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;
CREATE INDEX artifact_usage_by_bytes ON artifact_usage (bytes);
CREATE INDEX artifacts_by_namespace ON artifacts (namespace_id);

INSERT INTO artifact_usage (artifact_id, versions, bytes)
SELECT v.artifact_id, COUNT(*), SUM((SELECT COALESCE(SUM(f.size), 0) FROM manifest_files f
                                     WHERE f.manifest_id = v.manifest_id))
FROM versions v WHERE v.deleted_at IS NULL GROUP BY v.artifact_id;

CREATE TRIGGER versions_use_space AFTER INSERT ON versions WHEN NEW.deleted_at IS NULL BEGIN
  INSERT INTO artifact_usage (artifact_id, versions, bytes)
  VALUES (NEW.artifact_id, 1, (SELECT COALESCE(SUM(f.size), 0) FROM manifest_files f
                               WHERE f.manifest_id = NEW.manifest_id))
  ON CONFLICT (artifact_id) DO UPDATE SET versions = versions + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER versions_free_space AFTER UPDATE OF deleted_at ON versions
WHEN OLD.deleted_at IS NULL AND NEW.deleted_at IS NOT NULL BEGIN
  UPDATE artifact_usage SET versions = versions - 1,
    bytes = bytes - (SELECT COALESCE(SUM(f.size), 0) FROM manifest_files f
                     WHERE f.manifest_id = NEW.manifest_id)
  WHERE artifact_id = NEW.artifact_id;
END;
CREATE TRIGGER versions_die_once BEFORE UPDATE OF deleted_at ON versions WHEN OLD.deleted_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a deleted version stays deleted'); END;

-- Which runs used a plugin's binary: a plugin version that some live version was made with stays. An index on
-- the document would do, if a schema that is not trusted were allowed one.
CREATE TABLE run_plugins (
  run_seq INTEGER PRIMARY KEY REFERENCES runs (seq),
  digest  TEXT NOT NULL CHECK (length(digest) = 71)
) STRICT;
CREATE INDEX run_plugins_by_digest ON run_plugins (digest);
INSERT INTO run_plugins (run_seq, digest) SELECT seq, json_extract(document, '$.plugin.digest') FROM runs;

CREATE INDEX uploads_by_digest ON uploads (digest, time);
CREATE INDEX uploads_by_time ON uploads (time);

-- By the key of a namespace, which need not exist yet.
CREATE TABLE quotas (
  space  TEXT PRIMARY KEY CHECK (length(space) BETWEEN 1 AND 96 AND space = lower(space)),
  name   TEXT NOT NULL CHECK (lower(name) = space),
  bytes  INTEGER NOT NULL CHECK (bytes >= 0),
  set_at INTEGER NOT NULL,
  set_by TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- A scrub that has not reached the end: where it goes on, and what it found so far.
CREATE TABLE scrub_progress (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  document   TEXT NOT NULL CHECK (substr(document, 1, 1) = '{'),
  updated_at INTEGER NOT NULL
) STRICT;
)sql"};

}  // namespace assay
