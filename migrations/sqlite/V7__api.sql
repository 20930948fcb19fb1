-- What the API needs to be lived with: keys, turns, answers that are given again, lists, traces. The
-- conventions are those of V1.

-- Keys: when each was last used, as far as that has been written down.
ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER;

-- Turns: who is next among those that wait.

-- Answers: what a request with an Idempotency-Key was told, to be told again.

-- Lists: what they are filtered by.

-- Traces: which trace of a client's an execution is part of.
ALTER TABLE executions ADD COLUMN traceparent TEXT;
