//! A database as a server has it that has run for long, written with plain SQL.
//! Measures nothing.

use std::path::Path;

use anyhow::Result;
use rusqlite::{Connection, params};

/// The time between two executions, in milliseconds.
pub const APART_MS: i64 = 100;

/// Where every callback goes: a port on this machine that the server refuses to call.
const URL: &str = "http://127.0.0.1:9/hooks/executions";

const LABELS: &str = r#"{"customer":"4711","purpose":"a nightly report"}"#;

/// The same, one by one.
const EACH_LABEL: [(&str, &str); 2] = [("customer", "4711"), ("purpose", "a nightly report")];

const CODE: &str = "set -e\nfor name in $(seq 1 3); do echo \"report $name\"; done\ntrue\n";

/// How many executions there are to be.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    pub ended: i64,
    pub queued: i64,
}

/// Sixteen bytes as a UUIDv7 has them: the time first, and then what makes it the only one.
fn id(at: i64, number: i64, kind: u8) -> [u8; 16] {
    let mut id = [0; 16];
    id[..6].copy_from_slice(&at.to_be_bytes()[2..]);
    id[6..8].copy_from_slice(&[0x70, kind]);
    id[8..].copy_from_slice(&(number.cast_unsigned() | 1 << 63).to_be_bytes());
    id
}

/// Opens a database for writing much at once; should the machine fail meanwhile, it is lost.
pub fn open(dir: &Path) -> Result<Connection> {
    let database = Connection::open(dir.join("ringback.db"))?;
    database.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;
         PRAGMA foreign_keys = OFF;",
    )?;
    Ok(database)
}

/// Puts so many executions into a database, the last of them accepted at `now`.
pub fn fill(database: &mut Connection, counts: Counts, now: i64) -> Result<()> {
    let all = counts.ended + counts.queued;
    let transaction = database.transaction()?;
    for number in 0..all {
        let at = now - (all - number) * APART_MS;
        let execution = id(at, number, 0);
        insert(&transaction, execution, at)?;
        if number < counts.ended {
            end(&transaction, execution, (at, number))?;
        } else {
            transaction
                .prepare_cached(
                    "INSERT INTO queue (id, tenant, state, epoch, attempt)
                     VALUES (?1, 'default', 'queued', 0, 1)",
                )?
                .execute([execution])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Puts executions into a database that run for a server which is no more.
pub fn orphans(database: &mut Connection, count: i64, now: i64) -> Result<()> {
    let transaction = database.transaction()?;
    for number in 0..count {
        let execution = id(now, number, 9);
        insert(&transaction, execution, now)?;
        transaction
            .prepare_cached(
                "INSERT INTO queue (id, tenant, state, epoch, attempt, owner, started_at)
                 VALUES (?1, 'default', 'running', 1, 1, ?2, ?3)",
            )?
            .execute(params![execution, id(0, 0, 1), now])?;
    }
    transaction.commit()?;
    Ok(())
}

fn insert(database: &Connection, execution: [u8; 16], at: i64) -> Result<()> {
    database
        .prepare_cached(
            "INSERT INTO executions (id, tenant, language, created_at, timeout_ms, callback_url,
                payload_format, labels, metadata)
             VALUES (?1, 'default', 'sh', ?2, 3600000, ?3, 'standard', ?4, '{}')",
        )?
        .execute(params![execution, at, URL, LABELS])?;
    for (name, value) in EACH_LABEL {
        database
            .prepare_cached(
                "INSERT INTO execution_labels (tenant, name, value, id)
                 VALUES ('default', ?1, ?2, ?3)",
            )?
            .execute(params![name, value, execution])?;
    }
    database
        .prepare_cached(
            "INSERT INTO specs (id, on_interrupt, output_bytes, working_dir, code)
             VALUES (?1, 'fail', 1048576, 'own', ?2)",
        )?
        .execute(params![execution, CODE])?;
    Ok(())
}

/// Ends an execution: one in twenty badly, all of them delivered at the first attempt.
fn end(database: &Connection, execution: [u8; 16], (at, number): (i64, i64)) -> Result<()> {
    let (status, code) = if number % 20 == 0 { ("failed", 1) } else { ("completed", 0) };
    database
        .prepare_cached(
            "UPDATE executions SET status = ?2, cause = 'exited', exit_code = ?3, started_at = ?4,
                completed_at = ?5, cpu_seconds = 0.01, memory_peak_bytes = 2097152, start = 'cold'
             WHERE id = ?1",
        )?
        .execute(params![execution, status, code, at + 1, at + 20])?;
    let output = "report 1\nreport 2\nreport 3\n".repeat(4);
    let total = i64::try_from(output.len())?;
    database
        .prepare_cached(
            "INSERT INTO outputs (id, stdout_total, stderr_total, stdout_head, stdout_tail,
                stderr_head, stderr_tail)
             VALUES (?1, ?2, 0, ?3, x'', x'', x'')",
        )?
        .execute(params![execution, total, output.as_bytes()])?;
    let delivery = id(at + 20, number, 2);
    let body = format!(r#"{{"type":"execution.{status}","data":{{"stdout":{output:?}}}}}"#);
    database
        .prepare_cached(
            "INSERT INTO deliveries (id, execution_id, tenant, event_id, event_type, is_terminal,
                host, payload_format, status, attempts_made, is_retry, attempts_max, created_at,
                delivered_at, url, body)
             VALUES (?1, ?2, 'default', ?2, 'execution.completed', 1, '127.0.0.1:9', 'standard',
                'delivered', 1, 1, 9, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![delivery, execution, at + 20, at + 25, URL, body.as_bytes()])?;
    database
        .prepare_cached(
            "INSERT INTO attempts (delivery_id, number, trigger, started_at, address, status_code,
                total_us, response_truncated, request_headers, response_headers, response_body)
             VALUES (?1, 1, 'schedule', ?2, '127.0.0.1:9', 200, 4000, 0, '[]',
                '[[\"content-type\",\"text/plain\"]]', 'ok')",
        )?
        .execute(params![delivery, at + 21])?;
    Ok(())
}
