// SPDX-License-Identifier: Apache-2.0
// Schema 10: what searching over versions reads: metrics, settings and times, each under an index. Never change it: add
// a step.
#include "registry/catalog/migrations.h"

namespace assay {

// Kept by triggers, so that whatever records evidence or runs is found. In them stand no JSON functions but json_each: a
// schema that is not trusted may not call the others.
const Migration kSearchMigration = {10, "search", R"sql(
-- What the newest evaluation that has a metric says of it, over all rows, of these bytes, where the evaluation counts.
-- Bound to bytes as evidence is: a version published later with the same bytes has it too. NULL: not a number.
CREATE TABLE newest_metrics (
  manifest_id  INTEGER NOT NULL REFERENCES manifests (id),
  namespace_id INTEGER NOT NULL REFERENCES namespaces (id),
  name         TEXT NOT NULL,
  value        REAL,
  evidence_seq INTEGER NOT NULL REFERENCES evidence (seq),
  PRIMARY KEY (manifest_id, namespace_id, name)
) STRICT, WITHOUT ROWID;

INSERT INTO newest_metrics (manifest_id, namespace_id, name, value, evidence_seq)
SELECT m.id, n.id, json_extract(r.value, '$.name'), json_extract(r.value, '$.value'), e.seq
FROM evidence e JOIN manifests m ON m.digest = e.model_digest JOIN evidence_spaces s ON s.evidence_seq = e.seq
JOIN namespaces n ON n.key = s.space, json_each(e.document, '$.rows') r
WHERE e.kind = 'evaluation' AND e.slice = '' AND json_extract(r.value, '$.slice') = '' ORDER BY e.seq
ON CONFLICT DO UPDATE SET value = excluded.value, evidence_seq = excluded.evidence_seq;

CREATE INDEX newest_metrics_by_value ON newest_metrics (name, value) WHERE value IS NOT NULL;

CREATE TRIGGER evaluations_are_searched AFTER INSERT ON evidence_spaces BEGIN
  INSERT INTO newest_metrics (manifest_id, namespace_id, name, value, evidence_seq)
  SELECT m.id, n.id, name.value, number.value, e.seq
  FROM evidence e JOIN manifests m ON m.digest = e.model_digest JOIN namespaces n ON n.key = NEW.space,
  json_each(e.document, '$.rows') r, json_each(r.value, '$.slice') slice, json_each(r.value, '$.name') name,
  json_each(r.value, '$.value') number
  WHERE e.seq = NEW.evidence_seq AND e.kind = 'evaluation' AND e.slice = '' AND slice.value = ''
  ON CONFLICT DO UPDATE SET value = excluded.value, evidence_seq = excluded.evidence_seq
  WHERE excluded.evidence_seq > evidence_seq;
END;

-- The settings of trainings: numbers, texts, true and false at the top of their config.
CREATE TABLE run_params (
  run_seq INTEGER NOT NULL REFERENCES runs (seq),
  name    TEXT NOT NULL,
  text    TEXT NOT NULL CHECK (length(text) <= 1024),
  number  REAL,
  PRIMARY KEY (run_seq, name)
) STRICT, WITHOUT ROWID;

INSERT INTO run_params (run_seq, name, text, number)
SELECT r.seq, p.key, CASE p.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(p.value AS TEXT) END,
  CASE WHEN p.type IN ('integer', 'real') THEN p.value END
FROM runs r, json_each(r.document, '$.config') p
WHERE r.kind = 'train' AND p.type IN ('integer', 'real', 'text', 'true', 'false') AND length(p.value) <= 1024;

CREATE INDEX run_params_by_text ON run_params (name, text);
CREATE INDEX run_params_by_number ON run_params (name, number) WHERE number IS NOT NULL;

CREATE TRIGGER trainings_are_searched AFTER INSERT ON runs WHEN NEW.kind = 'train' BEGIN
  INSERT INTO run_params (run_seq, name, text, number)
  SELECT NEW.seq, p.key, CASE p.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(p.value AS TEXT) END,
    CASE WHEN p.type IN ('integer', 'real') THEN p.value END
  FROM json_each(NEW.document, '$.config') p
  WHERE p.type IN ('integer', 'real', 'text', 'true', 'false') AND length(p.value) <= 1024;
END;

ALTER TABLE run_plugins ADD COLUMN name TEXT;
UPDATE run_plugins SET name = (SELECT json_extract(r.document, '$.plugin.name') FROM runs r WHERE r.seq = run_seq);
CREATE INDEX run_plugins_by_name ON run_plugins (name);

CREATE INDEX versions_by_time ON versions (created_at);
CREATE INDEX artifacts_by_key ON artifacts (key);
CREATE INDEX stages_by_key ON stages (key) WHERE number IS NOT NULL;
)sql"};

}  // namespace assay
