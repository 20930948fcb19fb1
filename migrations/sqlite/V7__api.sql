-- What the API needs to be lived with: keys, turns, answers that are given again, lists, traces. The
-- conventions are those of V1.

-- Keys: when each was last used, as far as that has been written down.
ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER;

-- Turns: who is next among those that wait.
--
-- Which of a tenant's is next: when it was accepted, less what its priority puts it ahead. Between tenants
-- the server chooses.
ALTER TABLE queue ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;
UPDATE queue SET turn = (SELECT created_at FROM executions WHERE executions.id = queue.id);
DROP INDEX queue_waiting;
CREATE INDEX queue_waiting ON queue (tenant, turn, id) WHERE state = 'queued';
-- A page of those that wait, newest first.
CREATE INDEX queue_of_tenant ON queue (tenant, id) WHERE state = 'queued';

ALTER TABLE executions ADD COLUMN priority INTEGER NOT NULL DEFAULT 1
    CHECK (priority BETWEEN 0 AND 3);

-- Answers: what a request with an Idempotency-Key was told, to be told again. An answer may outlive the
-- execution that it is about, and so nothing here refers to that.
CREATE TABLE answers (
    tenant       TEXT NOT NULL,
    key          TEXT NOT NULL,
    -- An HMAC of the request. What was sent has secrets, and a plain hash could be tried out.
    fingerprint  TEXT NOT NULL,
    -- What it began; NULL when that is gone, or was no execution.
    execution_id BLOB CHECK (length(execution_id) = 16),
    -- When it may be forgotten, if it began nothing that is still there.
    kept_until   INTEGER NOT NULL,
    -- NULL in all three is an answer that is made from the execution once that has ended; if there is no
    -- execution any more, it can be given no longer. The headers are JSON.
    status       INTEGER,
    headers      TEXT CHECK ((headers IS NULL) = (status IS NULL)),
    body         BLOB CHECK ((body IS NULL) = (status IS NULL)),
    PRIMARY KEY (tenant, key)
) STRICT;

CREATE INDEX answers_of_execution ON answers (execution_id) WHERE execution_id IS NOT NULL;
CREATE INDEX answers_to_forget ON answers (kept_until) WHERE execution_id IS NULL;

-- Lists: what they are filtered by. Each of these indexes gives a page in its order. What ends by itself is
-- most of all, and is passed by as it comes.
CREATE INDEX executions_by_language ON executions (tenant, language, id);
CREATE INDEX executions_by_cause ON executions (tenant, cause, id) WHERE cause <> 'exited';

-- Written and removed with its execution. Nothing here refers to that, because it would take one more index
-- for each label to remove it by.
CREATE TABLE execution_labels (
    tenant TEXT NOT NULL,
    name   TEXT NOT NULL,
    value  TEXT NOT NULL,
    id     BLOB NOT NULL CHECK (length(id) = 16),
    PRIMARY KEY (tenant, name, value, id)
) STRICT, WITHOUT ROWID;

INSERT INTO execution_labels (tenant, name, value, id)
SELECT e.tenant, l.key, l.value, e.id FROM executions e, json_each(e.labels) l;

-- Traces: which trace of a client's an execution is part of.
ALTER TABLE executions ADD COLUMN traceparent TEXT;
