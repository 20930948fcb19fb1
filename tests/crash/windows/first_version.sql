-- What a server of the first schema had left when it was killed: `URL` is where all of them call
-- back to. How each must end is in `migrating.rs`, by the last digits of its id.

INSERT INTO executions (id, tenant, language, created_at, timeout_ms, callback_url, payload_format,
    labels, metadata)
VALUES
    (x'01976e2f6c00700080000000000000a1', 'default', 'sh', 1750000000000, 60000, 'URL', 'standard', '{"of":"then"}', '{}'),
    (x'01976e2f6c00700080000000000000b1', 'default', 'sh', 1750000000000, 60000, 'URL', 'standard', '{"of":"then"}', '{}'),
    (x'01976e2f6c00700080000000000000b2', 'default', 'sh', 1750000000000, 60000, 'URL', 'standard', '{"of":"then"}', '{}'),
    (x'01976e2f6c00700080000000000000b3', 'default', 'sh', 1750000000000, 60000, 'URL', 'standard', '{"of":"then"}', '{}'),
    (x'01976e2f6c00700080000000000000b4', 'default', 'sh', 1750000000000, 60000, 'URL', 'standard', '{"of":"then"}', '{}'),
    (x'01976e2f6c00700080000000000000c1', 'default', 'sh', 1750000000000, 60000, 'URL', 'standard', '{"of":"then"}', '{}'),
    (x'01976e2f6c00700080000000000000c2', 'default', 'sh', 1750000000000, 60000, 'URL', 'standard', '{"of":"then"}', '{}');

INSERT INTO specs (id, on_interrupt, output_bytes, working_dir, code)
VALUES
    (x'01976e2f6c00700080000000000000a1', 'fail', 1000, 'own', 'echo it waited'),
    (x'01976e2f6c00700080000000000000b1', 'fail', 1000, 'own', 'echo it ran twice'),
    (x'01976e2f6c00700080000000000000b2', 'rerun', 1000, 'own', 'echo it ran again'),
    (x'01976e2f6c00700080000000000000b3', 'rerun', 1000, 'own', 'echo it ran too often'),
    (x'01976e2f6c00700080000000000000b4', 'rerun', 1000, 'own', 'echo it was cancelled'),
    (x'01976e2f6c00700080000000000000c1', 'fail', 1000, 'own', 'echo it was told'),
    (x'01976e2f6c00700080000000000000c2', 'fail', 1000, 'own', 'echo it is owed');

-- One waits. Four run: two of them may run a second time, of which one does already; the last of
-- the four its client wants ended.
INSERT INTO queue (id, tenant, state, epoch, attempt, owner, started_at, cancel_wished_at,
    cancel_reason)
VALUES
    (x'01976e2f6c00700080000000000000a1', 'default', 'queued', 0, 1, NULL, NULL, NULL, NULL),
    (x'01976e2f6c00700080000000000000b1', 'default', 'running', 1, 1, x'01976e2f6c00700080000000000000ff', 1750000000000, NULL, NULL),
    (x'01976e2f6c00700080000000000000b2', 'default', 'running', 1, 1, x'01976e2f6c00700080000000000000ff', 1750000000000, NULL, NULL),
    (x'01976e2f6c00700080000000000000b3', 'default', 'running', 3, 2, x'01976e2f6c00700080000000000000ff', 1750000000000, NULL, NULL),
    (x'01976e2f6c00700080000000000000b4', 'default', 'running', 1, 1, x'01976e2f6c00700080000000000000ff', 1750000000000, 1750000000000, 'enough');

-- Two have ended, and of one of them nobody was told yet.
UPDATE executions SET status = 'completed', cause = 'exited', exit_code = 0,
    started_at = 1750000000000, completed_at = 1750000000000
WHERE id IN (x'01976e2f6c00700080000000000000c1', x'01976e2f6c00700080000000000000c2');

INSERT INTO outputs (id, stdout_total, stderr_total, stdout_head, stdout_tail, stderr_head, stderr_tail)
VALUES
    (x'01976e2f6c00700080000000000000c1', 12, 0, CAST('it was told' || char(10) AS BLOB), x'', x'', x''),
    (x'01976e2f6c00700080000000000000c2', 11, 0, CAST('it is owed' || char(10) AS BLOB), x'', x'', x'');

INSERT INTO deliveries (id, execution_id, event_id, event_type, host, payload_format, status,
    attempts_made, is_retry, attempts_max, next_attempt_at, created_at, delivered_at, url, body)
VALUES
    (x'01976e2f6c00700080000000000000d1', x'01976e2f6c00700080000000000000c1', x'01976e2f6c00700080000000000000c1', 'execution.completed', 'there', 'standard', 'delivered', 1, 1, 9, NULL, 1750000000000, 1750000000000, 'URL', CAST('what was told' AS BLOB)),
    (x'01976e2f6c00700080000000000000d2', x'01976e2f6c00700080000000000000c2', x'01976e2f6c00700080000000000000c2', 'execution.completed', 'there', 'standard', 'pending', 0, 0, 9, 1750000000000, 1750000000000, NULL, 'URL', CAST('what is owed' AS BLOB));

INSERT INTO attempts (delivery_id, number, trigger, started_at, status_code, total_us,
    response_truncated, response_headers, response_body)
VALUES
    (x'01976e2f6c00700080000000000000d1', 1, 'schedule', 1750000000000, 200, 1000, 0, '{}', 'thanks');
