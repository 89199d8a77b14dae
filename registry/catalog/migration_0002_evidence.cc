// SPDX-License-Identifier: Apache-2.0
// Schema 2: runs, evidence, policies, decisions and stages. Never change it: add a step.
#include "registry/catalog/migrations.h"

namespace assay {

// `space` columns hold the key of a namespace, `stage` columns the key of a stage's name.
const Migration kEvidenceMigration = {2, "evidence", R"sql(
CREATE TABLE runs (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
  kind        TEXT NOT NULL CHECK (kind IN ('train', 'evaluate', 'score', 'drift', 'validate')),
  status      TEXT NOT NULL CHECK (status IN ('running', 'finished', 'failed')),
  author      TEXT NOT NULL CHECK (length(author) = 26),  -- the token that may end it
  created_at  INTEGER NOT NULL,
  finished_at INTEGER,
  document    TEXT NOT NULL CHECK (substr(document, 1, 1) = '{'),
  CHECK ((status = 'running') = (finished_at IS NULL))
) STRICT;
CREATE TRIGGER runs_end_once BEFORE UPDATE ON runs
WHEN OLD.status <> 'running' OR NEW.status = 'running' OR NEW.id <> OLD.id OR NEW.seq <> OLD.seq
  OR NEW.author <> OLD.author OR NEW.created_at <> OLD.created_at
BEGIN SELECT RAISE(ABORT, 'a run ends once and never changes afterwards'); END;
CREATE TRIGGER runs_stay BEFORE DELETE ON runs BEGIN SELECT RAISE(ABORT, 'runs are append-only'); END;

CREATE TABLE run_links (
  run_seq   INTEGER NOT NULL REFERENCES runs (seq),
  direction TEXT NOT NULL CHECK (direction IN ('input', 'output')),
  position  INTEGER NOT NULL CHECK (position >= 0),
  role      TEXT NOT NULL,
  kind      TEXT NOT NULL CHECK (kind IN ('model', 'dataset', 'plugin')),
  digest    BLOB NOT NULL CHECK (length(digest) = 32),
  PRIMARY KEY (run_seq, direction, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_links_by_digest ON run_links (digest, direction, run_seq);

CREATE TABLE run_spaces (
  run_seq INTEGER NOT NULL REFERENCES runs (seq),
  space   TEXT NOT NULL CHECK (length(space) BETWEEN 1 AND 96),
  PRIMARY KEY (run_seq, space)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
  seq              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
  kind             TEXT NOT NULL CHECK (kind IN ('evaluation', 'comparison', 'validation', 'drift')),
  level            TEXT NOT NULL CHECK (level IN ('reported', 'attested')),
  model_digest     BLOB CHECK (length(model_digest) = 32),
  dataset_digest   BLOB NOT NULL CHECK (length(dataset_digest) = 32),
  reference_digest BLOB CHECK (length(reference_digest) = 32),
  plugin_digest    BLOB NOT NULL CHECK (length(plugin_digest) = 32),
  config_digest    BLOB NOT NULL CHECK (length(config_digest) = 32),
  seed             INTEGER NOT NULL CHECK (seed BETWEEN 0 AND 9007199254740991),
  slice            TEXT NOT NULL,
  run_id           TEXT REFERENCES runs (id),
  verdict          TEXT CHECK (verdict IN ('pass', 'fail')),
  created_at       INTEGER NOT NULL,
  created_by       TEXT NOT NULL,
  document         TEXT NOT NULL CHECK (substr(document, 1, 1) = '{'),
  CHECK (kind IN ('validation', 'drift') OR model_digest IS NOT NULL),
  CHECK (kind <> 'comparison' OR reference_digest IS NOT NULL)
) STRICT;
CREATE INDEX evidence_by_model ON evidence (model_digest, dataset_digest, kind) WHERE model_digest IS NOT NULL;
CREATE INDEX evidence_by_model_kind ON evidence (model_digest, kind) WHERE model_digest IS NOT NULL;
CREATE INDEX evidence_by_dataset ON evidence (dataset_digest, kind);
CREATE INDEX evidence_by_reference ON evidence (reference_digest) WHERE reference_digest IS NOT NULL;
CREATE INDEX evidence_by_plugin ON evidence (plugin_digest);
CREATE INDEX evidence_by_kind ON evidence (kind);
CREATE TRIGGER evidence_is_append_only_1 BEFORE UPDATE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER evidence_is_append_only_2 BEFORE DELETE ON evidence
BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;

-- Where a record counts, and so who may see it.
CREATE TABLE evidence_spaces (
  evidence_seq INTEGER NOT NULL REFERENCES evidence (seq),
  space        TEXT NOT NULL CHECK (length(space) BETWEEN 1 AND 96),
  PRIMARY KEY (evidence_seq, space)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER evidence_spaces_are_append_only_1 BEFORE UPDATE ON evidence_spaces
BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER evidence_spaces_are_append_only_2 BEFORE DELETE ON evidence_spaces
BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;

CREATE TABLE policies (
  digest   BLOB PRIMARY KEY CHECK (length(digest) = 32),
  document TEXT NOT NULL CHECK (substr(document, 1, 1) = '{')
) STRICT, WITHOUT ROWID;
CREATE TRIGGER policies_are_append_only_1 BEFORE UPDATE ON policies
BEGIN SELECT RAISE(ABORT, 'policies are append-only'); END;
CREATE TRIGGER policies_are_append_only_2 BEFORE DELETE ON policies
BEGIN SELECT RAISE(ABORT, 'policies are append-only'); END;

CREATE TABLE policy_history (
  seq         INTEGER PRIMARY KEY,
  artifact_id INTEGER NOT NULL REFERENCES artifacts (id),
  stage       TEXT NOT NULL CHECK (stage = lower(stage)),
  digest      BLOB NOT NULL REFERENCES policies (digest),
  set_at      INTEGER NOT NULL,
  set_by      TEXT NOT NULL
) STRICT;
CREATE INDEX policy_history_by_stage ON policy_history (artifact_id, stage, seq);
CREATE TRIGGER policy_history_is_append_only_1 BEFORE UPDATE ON policy_history
BEGIN SELECT RAISE(ABORT, 'the history of policies is append-only'); END;
CREATE TRIGGER policy_history_is_append_only_2 BEFORE DELETE ON policy_history
BEGIN SELECT RAISE(ABORT, 'the history of policies is append-only'); END;

CREATE TABLE decisions (
  seq             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
  artifact_id     INTEGER NOT NULL REFERENCES artifacts (id),
  stage           TEXT NOT NULL CHECK (stage = lower(stage)),
  action          TEXT NOT NULL CHECK (action IN ('promote', 'rollback')),
  verdict         TEXT NOT NULL CHECK (verdict IN
                    ('promoted', 'already_there', 'refused', 'missing_evidence', 'not_comparable', 'rolled_back')),
  changed         INTEGER NOT NULL CHECK (changed = (verdict IN ('promoted', 'rolled_back'))),
  number          INTEGER NOT NULL CHECK (number >= 1),
  policy_digest   BLOB REFERENCES policies (digest),
  revision_before INTEGER NOT NULL CHECK (revision_before >= 0),
  revision_after  INTEGER NOT NULL CHECK (revision_after = revision_before + changed),
  actor           TEXT NOT NULL,
  at              INTEGER NOT NULL,
  document        TEXT NOT NULL CHECK (substr(document, 1, 1) = '{'),
  FOREIGN KEY (artifact_id, number) REFERENCES versions (artifact_id, number)
) STRICT;
CREATE INDEX decisions_by_stage ON decisions (artifact_id, stage, seq);
-- One winner a revision, whatever the code above does.
CREATE UNIQUE INDEX decisions_that_moved ON decisions (artifact_id, stage, revision_after) WHERE changed = 1;
CREATE TRIGGER decisions_are_append_only_1 BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decisions_are_append_only_2 BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;

-- A row with revision 0 has a policy and has never held a version.
CREATE TABLE stages (
  artifact_id   INTEGER NOT NULL REFERENCES artifacts (id),
  key           TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 96 AND key = lower(key)),
  name          TEXT NOT NULL CHECK (lower(name) = key),
  number        INTEGER,
  revision      INTEGER NOT NULL DEFAULT 0 CHECK (revision >= 0),
  policy_digest BLOB REFERENCES policies (digest),
  updated_at    INTEGER,
  updated_by    TEXT,
  decision_id   TEXT REFERENCES decisions (id),
  PRIMARY KEY (artifact_id, key),
  FOREIGN KEY (artifact_id, number) REFERENCES versions (artifact_id, number),
  CHECK ((revision = 0) = (number IS NULL) AND (revision = 0) = (decision_id IS NULL)
         AND (revision = 0) = (updated_at IS NULL) AND (revision = 0) = (updated_by IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX stages_by_version ON stages (artifact_id, number);
CREATE TRIGGER stages_move_by_decision BEFORE UPDATE ON stages
WHEN NEW.revision NOT IN (OLD.revision, OLD.revision + 1)
  OR (NEW.revision = OLD.revision AND (NEW.number IS NOT OLD.number OR NEW.decision_id IS NOT OLD.decision_id))
  OR (NEW.revision > OLD.revision AND NOT EXISTS (
        SELECT 1 FROM decisions d WHERE d.id = NEW.decision_id AND d.artifact_id = NEW.artifact_id
          AND d.stage = NEW.key AND d.changed = 1 AND d.number = NEW.number AND d.revision_after = NEW.revision))
BEGIN SELECT RAISE(ABORT, 'a stage moves by a decision, one revision at a time'); END;
CREATE TRIGGER stages_start_empty BEFORE INSERT ON stages WHEN NEW.revision <> 0
BEGIN SELECT RAISE(ABORT, 'a stage moves by a decision, one revision at a time'); END;
CREATE TRIGGER stages_stay BEFORE DELETE ON stages BEGIN SELECT RAISE(ABORT, 'a stage keeps its row'); END;
)sql"};

}  // namespace assay
