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

ALTER TABLE executions ADD COLUMN priority INTEGER NOT NULL DEFAULT 1
    CHECK (priority BETWEEN 0 AND 3);

-- Answers: what a request with an Idempotency-Key was told, to be told again.

-- Lists: what they are filtered by.

-- Traces: which trace of a client's an execution is part of.
ALTER TABLE executions ADD COLUMN traceparent TEXT;
