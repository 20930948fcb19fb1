-- Deliveries that can be listed, sent again, recovered and explained, and events on the way to the
-- end. The conventions are those of V1.

-- What an endpoint is told before the end, as words with commas between them, and the client's own
-- wishes for the attempts: the delays as a list of milliseconds, and how long one is worth making.
ALTER TABLE executions ADD COLUMN callback_progress TEXT;
ALTER TABLE executions ADD COLUMN retry_delays_ms TEXT;
ALTER TABLE executions ADD COLUMN retry_max_age_ms INTEGER;

-- Made anew, because one execution now has more than one delivery: its end, of which there is
-- still only one, and what was told on the way there.
CREATE TABLE deliveries_v4 (
    id              BLOB PRIMARY KEY CHECK (length(id) = 16),
    execution_id    BLOB NOT NULL REFERENCES executions (id),
    tenant          TEXT NOT NULL,
    event_id        BLOB NOT NULL CHECK (length(event_id) = 16),
    event_type      TEXT NOT NULL,
    is_terminal     INTEGER NOT NULL CHECK (is_terminal = (event_id = execution_id)),
    host            TEXT NOT NULL,
    payload_format  TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'exhausted', 'refused')),
    ended_by        TEXT CHECK (ended_by IN
        ('attempts', 'gone', 'too_large', 'refused', 'too_old', 'superseded')),
    attempts_made   INTEGER NOT NULL DEFAULT 0,
    -- Kept, because an index on an expression has to look the rows up.
    is_retry        INTEGER NOT NULL DEFAULT 0 CHECK (is_retry = (attempts_made > 0)),
    attempts_max    INTEGER NOT NULL,
    -- How many attempts do not count in the schedule: those before it began, which it does again when
    -- what had ended is made again, and those that somebody wanted beside it.
    round_from      INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER CHECK ((next_attempt_at IS NULL) = (status <> 'pending')),
    next_trigger    TEXT NOT NULL DEFAULT 'schedule'
        CHECK (next_trigger IN ('schedule', 'manual', 'recover')),
    -- How often somebody wanted it made again: what is decided after an attempt must not undo a
    -- wish that came while it was under way.
    wishes          INTEGER NOT NULL DEFAULT 0,
    -- The last recovery that it was part of.
    recovery_id     BLOB CHECK (length(recovery_id) = 16),
    -- The client's own delays, and the time after which no attempt is worth making.
    delays_ms       TEXT,
    expires_at      INTEGER,
    created_at      INTEGER NOT NULL,
    delivered_at    INTEGER,
    url             TEXT NOT NULL,
    body            BLOB NOT NULL
) STRICT;

INSERT INTO deliveries_v4 (id, execution_id, tenant, event_id, event_type, is_terminal, host,
    payload_format, status, ended_by, attempts_made, is_retry, attempts_max, next_attempt_at,
    created_at, delivered_at, url, body)
SELECT d.id, d.execution_id, e.tenant, d.event_id, d.event_type, 1, d.host, d.payload_format,
    d.status, d.ended_by, d.attempts_made, d.is_retry, d.attempts_max, d.next_attempt_at,
    d.created_at, d.delivered_at, d.url, d.body
FROM deliveries d JOIN executions e ON e.id = d.execution_id;

-- Made anew to refer to the new deliveries.
CREATE TABLE attempts_v4 (
    delivery_id        BLOB NOT NULL REFERENCES deliveries_v4 (id),
    number             INTEGER NOT NULL CHECK (number > 0),
    trigger            TEXT NOT NULL CHECK (trigger IN ('schedule', 'manual', 'recover')),
    started_at         INTEGER NOT NULL,
    address            TEXT,
    status_code        INTEGER,
    error_class        TEXT,
    retry_after_ms     INTEGER,
    next_attempt_at    INTEGER,
    dns_us             INTEGER,
    connect_us         INTEGER,
    tls_us             INTEGER,
    first_byte_us      INTEGER,
    total_us           INTEGER NOT NULL,
    response_truncated INTEGER NOT NULL CHECK (response_truncated IN (0, 1)),
    error              TEXT,
    request_headers    TEXT NOT NULL,
    response_headers   TEXT NOT NULL,
    response_body      TEXT NOT NULL,
    PRIMARY KEY (delivery_id, number)
) STRICT;

INSERT INTO attempts_v4 (delivery_id, number, trigger, started_at, address, status_code,
    error_class, retry_after_ms, dns_us, connect_us, first_byte_us, total_us, response_truncated,
    error, request_headers, response_headers, response_body)
SELECT delivery_id, number, trigger, started_at, address, status_code, error_class,
    retry_after_ms, dns_us, connect_us, first_byte_us, total_us, response_truncated, error, '[]',
    response_headers, response_body
FROM attempts;

DROP TABLE attempts;
DROP TABLE deliveries;
ALTER TABLE deliveries_v4 RENAME TO deliveries;
ALTER TABLE attempts_v4 RENAME TO attempts;

-- What makes the end of an execution be told of once: that event has the execution's own id.
CREATE UNIQUE INDEX deliveries_of_execution ON deliveries (execution_id, event_id);

-- First attempts before retries, then by due time. The host is in it so that the backlog of a
-- host that may not be called is passed over inside the index.
CREATE INDEX deliveries_due ON deliveries (is_retry, next_attempt_at, id, host)
    WHERE status = 'pending';
-- The same for one host after the other, for when there is much to be passed over.
CREATE INDEX deliveries_due_by_host ON deliveries (is_retry, host, next_attempt_at, id)
    WHERE status = 'pending';

-- Lists, newest first. Those that failed for good are few, and looked for most.
CREATE INDEX deliveries_of_tenant ON deliveries (tenant, created_at, id, host);
CREATE INDEX deliveries_failed ON deliveries (tenant, status, created_at, id, host)
    WHERE status = 'exhausted' OR status = 'refused';
CREATE INDEX deliveries_recovered ON deliveries (recovery_id, status)
    WHERE recovery_id IS NOT NULL;

-- Wishes that all that failed in a window be sent again. Carried out bit by bit.
CREATE TABLE recoveries (
    id          BLOB PRIMARY KEY CHECK (length(id) = 16),
    tenant      TEXT NOT NULL,
    since       INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    host        TEXT,
    created_at  INTEGER NOT NULL,
    -- How many it is to be at most, and how many there were.
    matched_max INTEGER NOT NULL,
    matched     INTEGER NOT NULL,
    redelivered INTEGER NOT NULL DEFAULT 0,
    -- The last delivery that was looked at.
    after_at    INTEGER NOT NULL,
    after_id    BLOB NOT NULL,
    is_done     INTEGER NOT NULL DEFAULT 0 CHECK (is_done IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE INDEX recoveries_to_do ON recoveries (id) WHERE is_done = 0;
