// SPDX-License-Identifier: Apache-2.0
// Schema 9: webhooks and what came of telling them. Never change it: add a step.
#include "registry/catalog/migrations.h"

namespace assay {

const Migration kWebhookMigration = {9, "webhooks", R"sql(
CREATE TABLE webhooks (
  id         TEXT PRIMARY KEY CHECK (length(id) = 26),
  space      TEXT CHECK (length(space) BETWEEN 1 AND 96),  -- NULL: the events of all namespaces
  url        TEXT NOT NULL CHECK (length(url) BETWEEN 8 AND 2048),
  wanted     TEXT NOT NULL CHECK (substr(wanted, 1, 1) = '['),  -- GLOB patterns of types; empty: all
  secret     TEXT NOT NULL CHECK (length(secret) > 6),
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  active     INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
  cursor     INTEGER NOT NULL CHECK (cursor >= 0)
) STRICT, WITHOUT ROWID;
-- What was told stays told.
CREATE TRIGGER webhooks_go_forward BEFORE UPDATE OF cursor ON webhooks WHEN NEW.cursor < OLD.cursor
BEGIN SELECT RAISE(ABORT, 'a webhook goes forward'); END;

CREATE TABLE deliveries (
  seq        INTEGER PRIMARY KEY,
  id         TEXT NOT NULL UNIQUE CHECK (length(id) = 26),
  webhook_id TEXT NOT NULL REFERENCES webhooks (id),
  cause      TEXT NOT NULL CHECK (cause IN ('event', 'again', 'test')),
  event_seq  INTEGER REFERENCES events (seq),
  created_at INTEGER NOT NULL,
  status     TEXT NOT NULL CHECK (status IN ('due', 'delivered', 'dead')),
  due_at     INTEGER,
  attempts   TEXT NOT NULL CHECK (substr(attempts, 1, 1) = '['),
  CHECK ((status = 'due') = (due_at IS NOT NULL)),
  CHECK ((cause = 'test') = (event_seq IS NULL))
) STRICT;
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, seq);
CREATE INDEX deliveries_due ON deliveries (due_at) WHERE status = 'due';
-- Events are told in their order: the next one waits until this one is settled.
CREATE UNIQUE INDEX deliveries_one_event_due ON deliveries (webhook_id) WHERE status = 'due' AND cause = 'event';
-- Each once, whatever the code above does; repeats are of cause 'again'.
CREATE UNIQUE INDEX deliveries_of_an_event ON deliveries (webhook_id, event_seq) WHERE cause = 'event';

)sql"};

}  // namespace assay
