// SPDX-License-Identifier: Apache-2.0
// Schema 6: what else holds a promotion back (freezes, leases, approvals), what a decision rested on, what a model is
// for, and the events that tell of it. Never change it: add a step.
#include "registry/catalog/migrations.h"

namespace assay {

// `decisions` learns four verdicts. SQLite cannot alter a CHECK, so both tables that name each other are made anew with
// their rows, in the one transaction of this step.
const Migration kStandingMigration = {6, "standing", R"sql(
CREATE TABLE decisions_6 (
  seq             INTEGER PRIMARY KEY,
  id              TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
  artifact_id     INTEGER NOT NULL REFERENCES artifacts (id),
  stage           TEXT NOT NULL CHECK (stage = lower(stage)),
  action          TEXT NOT NULL CHECK (action IN ('promote', 'rollback')),
  verdict         TEXT NOT NULL CHECK (verdict IN
                    ('promoted', 'already_there', 'refused', 'missing_evidence', 'not_comparable', 'waiting',
                     'frozen', 'leased', 'withheld', 'rolled_back')),
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
INSERT INTO decisions_6 SELECT * FROM decisions;
CREATE TABLE stages_6 AS SELECT * FROM stages;
DROP TABLE stages;
DROP TABLE decisions;
ALTER TABLE decisions_6 RENAME TO decisions;
-- Those that people are asked about.
CREATE INDEX decisions_waiting ON decisions (seq) WHERE verdict = 'waiting';
CREATE INDEX decisions_by_stage ON decisions (artifact_id, stage, seq);
-- One winner a revision, whatever the code above does.
CREATE UNIQUE INDEX decisions_that_moved ON decisions (artifact_id, stage, revision_after) WHERE changed = 1;
CREATE TRIGGER decisions_are_append_only_1 BEFORE UPDATE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decisions_are_append_only_2 BEFORE DELETE ON decisions
BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
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
INSERT INTO stages SELECT * FROM stages_6;
DROP TABLE stages_6;
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

-- What a judged decision rested on besides its policy, so that it can be judged again elsewhere.
CREATE TABLE decision_facts (
  decision_seq INTEGER PRIMARY KEY REFERENCES decisions (seq),
  document     TEXT NOT NULL CHECK (substr(document, 1, 1) = '{')
) STRICT;
CREATE TRIGGER decision_facts_are_append_only_1 BEFORE UPDATE ON decision_facts
BEGIN SELECT RAISE(ABORT, 'the facts of a decision are append-only'); END;
CREATE TRIGGER decision_facts_are_append_only_2 BEFORE DELETE ON decision_facts
BEGIN SELECT RAISE(ABORT, 'the facts of a decision are append-only'); END;

CREATE TABLE approvals (
  seq         INTEGER PRIMARY KEY,
  artifact_id INTEGER NOT NULL REFERENCES artifacts (id),
  stage       TEXT NOT NULL CHECK (stage = lower(stage)),
  number      INTEGER NOT NULL,
  binding     BLOB NOT NULL CHECK (length(binding) = 32),
  decision_id TEXT NOT NULL REFERENCES decisions (id),  -- the one that waited
  approver    TEXT NOT NULL,
  token       TEXT NOT NULL CHECK (length(token) = 26),
  agrees      INTEGER NOT NULL CHECK (agrees IN (0, 1)),
  reason      TEXT NOT NULL CHECK (length(reason) <= 4096),
  at          INTEGER NOT NULL
) STRICT;
CREATE INDEX approvals_by_version ON approvals (artifact_id, stage, number, seq);
CREATE TRIGGER approvals_are_append_only_1 BEFORE UPDATE ON approvals
BEGIN SELECT RAISE(ABORT, 'approvals are append-only'); END;
CREATE TRIGGER approvals_are_append_only_2 BEFORE DELETE ON approvals
BEGIN SELECT RAISE(ABORT, 'approvals are append-only'); END;

-- The newest row of a stage says who holds it, if its time has not passed.
CREATE TABLE leases (
  seq         INTEGER PRIMARY KEY,
  artifact_id INTEGER NOT NULL REFERENCES artifacts (id),
  stage       TEXT NOT NULL CHECK (stage = lower(stage)),
  token       TEXT NOT NULL CHECK (length(token) = 26),
  holder      TEXT NOT NULL,
  reason      TEXT NOT NULL CHECK (length(reason) <= 4096),
  at          INTEGER NOT NULL,
  until       INTEGER NOT NULL  -- not after `at`: given back
) STRICT;
CREATE INDEX leases_by_stage ON leases (artifact_id, stage, seq);
CREATE TRIGGER leases_are_append_only_1 BEFORE UPDATE ON leases
BEGIN SELECT RAISE(ABORT, 'leases are append-only'); END;
CREATE TRIGGER leases_are_append_only_2 BEFORE DELETE ON leases
BEGIN SELECT RAISE(ABORT, 'leases are append-only'); END;

-- What a model is for. The newest row counts.
CREATE TABLE problems (
  seq         INTEGER PRIMARY KEY,
  artifact_id INTEGER NOT NULL REFERENCES artifacts (id),
  digest      BLOB NOT NULL CHECK (length(digest) = 32),
  document    TEXT NOT NULL CHECK (substr(document, 1, 1) = '{'),
  at          INTEGER NOT NULL,
  by          TEXT NOT NULL
) STRICT;
CREATE INDEX problems_by_model ON problems (artifact_id, seq);
CREATE TRIGGER problems_are_append_only_1 BEFORE UPDATE ON problems
BEGIN SELECT RAISE(ABORT, 'problem documents are append-only'); END;
CREATE TRIGGER problems_are_append_only_2 BEFORE DELETE ON problems
BEGIN SELECT RAISE(ABORT, 'problem documents are append-only'); END;

-- What happened to stages, for whoever wants to be told: CloudEvents without their envelope.
CREATE TABLE events (
  seq     INTEGER PRIMARY KEY,
  id      TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
  space   TEXT NOT NULL CHECK (length(space) BETWEEN 1 AND 96),
  type    TEXT NOT NULL,
  subject TEXT NOT NULL,
  at      INTEGER NOT NULL,
  data    TEXT NOT NULL CHECK (substr(data, 1, 1) = '{')
) STRICT;
CREATE INDEX events_by_space ON events (space, seq);
CREATE TRIGGER events_are_append_only_1 BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_are_append_only_2 BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;

)sql"};

}  // namespace assay
