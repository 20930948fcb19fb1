-- Functions and their versions, and the keys by which requests are known again. The conventions are
-- those of V1.

-- A function that was removed stays as a row without versions: its numbers go on where they were.
CREATE TABLE functions (
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    variant    TEXT NOT NULL,
    -- The newest version.
    version    INTEGER NOT NULL CHECK (version > 0),
    created_at INTEGER NOT NULL,
    removed_at INTEGER,
    PRIMARY KEY (tenant, name, variant)
) STRICT, WITHOUT ROWID;

CREATE TABLE function_versions (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    tenant     TEXT NOT NULL,
    name       TEXT NOT NULL,
    variant    TEXT NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    language   TEXT NOT NULL,
    -- All that is neither secret nor code, as JSON.
    definition TEXT NOT NULL,
    -- Environment and callback headers, encrypted; NULL when there are none.
    sealed     BLOB,
    code       TEXT NOT NULL,
    FOREIGN KEY (tenant, name, variant) REFERENCES functions (tenant, name, variant)
) STRICT;

CREATE UNIQUE INDEX function_versions_of
    ON function_versions (tenant, name, variant, version);

-- Which function an execution is a call of, and what its caller calls it.
ALTER TABLE executions ADD COLUMN function TEXT;
ALTER TABLE executions ADD COLUMN function_variant TEXT
    CHECK ((function_variant IS NULL) = (function IS NULL));
ALTER TABLE executions ADD COLUMN function_version INTEGER
    CHECK ((function_version IS NULL) = (function IS NULL));
ALTER TABLE executions ADD COLUMN request_id TEXT;

CREATE INDEX executions_of_function ON executions (tenant, function, id)
    WHERE function IS NOT NULL;

-- What a handler is made and called with, as JSON; NULL is a script.
ALTER TABLE specs ADD COLUMN handler TEXT;

-- By what a request is known again, and the execution that it began.
CREATE TABLE idempotency_keys (
    tenant       TEXT NOT NULL,
    scope        TEXT NOT NULL,
    key          TEXT NOT NULL,
    execution_id BLOB NOT NULL REFERENCES executions (id),
    PRIMARY KEY (tenant, scope, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_of_execution ON idempotency_keys (execution_id);
