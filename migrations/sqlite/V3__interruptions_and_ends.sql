-- Runs that were cut short, counted apart from runs; and executions in the order of their ends.
-- The conventions are those of V1.

-- How often a server was lost while this ran. `attempt` also grows when a server stops in order and
-- puts a program back that asked to be run again, which is nobody's failure.
ALTER TABLE queue ADD COLUMN interruptions INTEGER NOT NULL DEFAULT 0;
UPDATE queue SET interruptions = attempt - 1;

-- What has been kept long enough is found by this, the oldest end first.
CREATE INDEX executions_by_end ON executions (completed_at, id) WHERE completed_at IS NOT NULL;
