-- The first schema: hot and cold apart.
--
-- Conventions. Ids are the 16 bytes of a UUIDv7, so that order of id is order of making.
-- Points in time are milliseconds since 1970 UTC (`_at`); durations are milliseconds (`_ms`), but
-- the phases of an attempt, which are shorter, are microseconds (`_us`). Statuses, causes and
-- every other word are kept as the API spells them, so that a database can be read by eye.
-- Labels, metadata, scopes and response headers are JSON. Columns that may be long come last in
-- their table: what stands before them is then read without touching overflow pages.

-- What was asked for and how it ended; everything behind `attempt` is NULL until it has ended.
CREATE TABLE executions (
    id                BLOB PRIMARY KEY CHECK (length(id) = 16),
    tenant            TEXT NOT NULL,
    language          TEXT NOT NULL,
    created_at        INTEGER NOT NULL,
    timeout_ms        INTEGER NOT NULL,
    callback_url      TEXT,
    payload_format    TEXT CHECK ((payload_format IS NULL) = (callback_url IS NULL)),
    labels            TEXT NOT NULL,
    metadata          TEXT NOT NULL,
    attempt           INTEGER NOT NULL DEFAULT 1,
    status            TEXT CHECK (status IN ('completed', 'failed', 'cancelled')),
    started_at        INTEGER,
    completed_at      INTEGER,
    cause             TEXT,
    exit_code         INTEGER,
    signal            INTEGER,
    -- The timeout or queue timeout that was over.
    limit_ms          INTEGER,
    -- A client's own words for a cancel, or the sentence of a failed spawn or an interruption.
    reason            TEXT,
    cancelled_by      TEXT,
    cpu_seconds       REAL,
    memory_peak_bytes INTEGER,
    CHECK ((status IS NULL) = (completed_at IS NULL) AND (status IS NULL) = (cause IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX executions_of_tenant ON executions (tenant, id);
CREATE INDEX executions_by_status ON executions (tenant, status, id) WHERE status IS NOT NULL;

-- The executions that have not ended. The row goes with the end, and only a row that is here can
-- end: that is what makes the end happen once.
CREATE TABLE queue (
    id               BLOB PRIMARY KEY REFERENCES executions (id),
    tenant           TEXT NOT NULL,
    state            TEXT NOT NULL CHECK (state IN ('queued', 'running')),
    -- The fencing token: grows with every start and every requeue, and never shrinks.
    epoch            INTEGER NOT NULL,
    attempt          INTEGER NOT NULL,
    owner            BLOB CHECK (length(owner) = 16),
    started_at       INTEGER,
    expires_at       INTEGER,
    cancel_wished_at INTEGER,
    cancel_reason    TEXT,
    cancel_by        TEXT,
    CHECK ((state = 'running') = (owner IS NOT NULL)
       AND (state = 'running') = (started_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX queue_waiting ON queue (id) WHERE state = 'queued';
CREATE INDEX queue_running ON queue (id) WHERE state = 'running';
CREATE INDEX queue_expiring ON queue (expires_at) WHERE state = 'queued' AND expires_at IS NOT NULL;

-- What it takes to run an execution and to call back. Never changed.
CREATE TABLE specs (
    id               BLOB PRIMARY KEY REFERENCES executions (id),
    on_interrupt     TEXT NOT NULL CHECK (on_interrupt IN ('fail', 'rerun')),
    queue_timeout_ms INTEGER,
    output_bytes     INTEGER NOT NULL,
    -- `own`, `workspace` or `listed`; the latter two have a path, in the bytes of the system.
    working_dir      TEXT NOT NULL CHECK (working_dir IN ('own', 'workspace', 'listed')),
    working_dir_path BLOB CHECK ((working_dir_path IS NULL) = (working_dir = 'own')),
    -- Environment, callback headers and signing secret, encrypted; NULL when there are none.
    sealed           BLOB,
    code             TEXT NOT NULL,
    stdin            TEXT
) STRICT;

-- What a program left; no row when it left nothing.
CREATE TABLE outputs (
    id           BLOB PRIMARY KEY REFERENCES executions (id),
    stdout_total INTEGER NOT NULL,
    stderr_total INTEGER NOT NULL,
    -- The JSON that the program returned, or the sentence that says why it was not taken.
    result       TEXT CHECK (result IS NULL OR result_error IS NULL),
    result_error TEXT,
    stdout_head  BLOB NOT NULL,
    stdout_tail  BLOB NOT NULL,
    stderr_head  BLOB NOT NULL,
    stderr_tail  BLOB NOT NULL
) STRICT;

-- The outbox: one terminal event owed to one endpoint, with the bytes to send.
CREATE TABLE deliveries (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),
    execution_id    BLOB NOT NULL UNIQUE REFERENCES executions (id),
    event_id        BLOB NOT NULL UNIQUE CHECK (length(event_id) = 16),
    event_type      TEXT NOT NULL,
    host            TEXT NOT NULL,
    payload_format  TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'exhausted', 'refused')),
    ended_by        TEXT CHECK (ended_by IN ('attempts', 'gone', 'too_large', 'refused')),
    attempts_made   INTEGER NOT NULL DEFAULT 0,
    -- Kept, because an index on an expression has to look the rows up.
    is_retry        INTEGER NOT NULL DEFAULT 0 CHECK (is_retry = (attempts_made > 0)),
    attempts_max    INTEGER NOT NULL,
    next_attempt_at INTEGER CHECK ((next_attempt_at IS NULL) = (status <> 'pending')),
    created_at      INTEGER NOT NULL,
    delivered_at    INTEGER,
    url             TEXT NOT NULL,
    body            BLOB NOT NULL
) STRICT;

-- First attempts before retries, then by due time. The host is in it so that the backlog of a
-- saturated host is passed over inside the index.
CREATE INDEX deliveries_due ON deliveries (is_retry, next_attempt_at, id, host)
    WHERE status = 'pending';

-- Every HTTP request that was made for a delivery, or refused.
CREATE TABLE attempts (
    delivery_id        BLOB NOT NULL REFERENCES deliveries (id),
    number             INTEGER NOT NULL CHECK (number > 0),
    trigger            TEXT NOT NULL CHECK (trigger IN ('schedule', 'manual', 'recover')),
    started_at         INTEGER NOT NULL,
    address            TEXT,
    status_code        INTEGER,
    error_class        TEXT,
    retry_after_ms     INTEGER,
    dns_us             INTEGER,
    connect_us         INTEGER,
    first_byte_us      INTEGER,
    total_us           INTEGER NOT NULL,
    response_truncated INTEGER NOT NULL CHECK (response_truncated IN (0, 1)),
    error              TEXT,
    response_headers   TEXT NOT NULL,
    response_body      TEXT NOT NULL,
    PRIMARY KEY (delivery_id, number)
) STRICT;

-- Never a key, only its SHA-256.
CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    tenant     TEXT NOT NULL,
    scopes     TEXT NOT NULL,
    sha256     BLOB NOT NULL CHECK (length(sha256) = 32),
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- Facts about the database itself: `key_check` is a known text sealed with the key that all
-- secrets here are sealed with; `heartbeat` is written to prove that writing works.
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
