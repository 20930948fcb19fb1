//! What the database says, in one look that sees nothing half done.
//! Opened for reading only; judges nothing.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Row};
use sha2::{Digest, Sha256};

use super::receiver::Print;

/// How long a look waits for a server that has the file to itself for a moment, in milliseconds.
const BUSY_TIMEOUT_MS: u32 = 10_000;

/// All rows that promises are about.
#[derive(Debug)]
pub struct Database {
    /// Every row of `executions`.
    pub executions: Vec<Execution>,
    /// The ids that `queue` has, and their states.
    pub queue: Vec<(String, String)>,
    /// Every row of `deliveries`.
    pub deliveries: Vec<Delivery>,
}

/// A row of `executions`, with what `specs` says of it.
#[derive(Debug)]
pub struct Execution {
    /// With its prefix, as clients know it.
    pub id: String,
    /// None until it has ended.
    pub status: Option<String>,
    pub cause: Option<String>,
    pub exit_code: Option<i64>,
    pub attempt: u32,
    /// Milliseconds since 1970.
    pub started_at: Option<i64>,
    /// Milliseconds since 1970.
    pub completed_at: Option<i64>,
    pub callback: bool,
    pub rerun: bool,
}

/// A row of `deliveries`.
#[derive(Debug)]
pub struct Delivery {
    /// The execution that it tells of.
    pub execution: String,
    /// With its prefix, as the receiver knows it.
    pub event: String,
    pub status: String,
    pub payload_format: String,
    pub body: Vec<u8>,
}

impl Execution {
    /// Whether it is over.
    pub fn has_ended(&self) -> bool {
        self.status.is_some()
    }
}

impl Delivery {
    /// What its body is compared by.
    pub fn print(&self) -> Print {
        let sha256 = hex::encode(Sha256::digest(&self.body));
        Print { sha256, bytes: self.body.len() as u64 }
    }
}

/// Reads a database, whether a server has it open or not.
///
/// # Errors
/// When it cannot be read.
pub fn read(file: &Path) -> Result<Database, String> {
    look(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn look(file: &Path) -> rusqlite::Result<Database> {
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    database.pragma_update(None, "busy_timeout", BUSY_TIMEOUT_MS)?;
    // One transaction is one snapshot.
    database.execute_batch("BEGIN")?;
    Ok(Database {
        executions: rows(
            &database,
            "SELECT e.id, e.status, e.cause, e.exit_code, e.attempt, e.started_at, e.completed_at,
                e.callback_url IS NOT NULL, s.on_interrupt = 'rerun'
             FROM executions e JOIN specs s ON s.id = e.id",
            execution,
        )?,
        queue: rows(&database, "SELECT id, state FROM queue", |row| {
            Ok((name(row, 0, "exec_")?, row.get(1)?))
        })?,
        deliveries: rows(
            &database,
            "SELECT execution_id, event_id, status, payload_format, body FROM deliveries",
            delivery,
        )?,
    })
}

fn rows<T>(
    database: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    database.prepare(sql)?.query_map([], read)?.collect()
}

fn execution(row: &Row<'_>) -> rusqlite::Result<Execution> {
    Ok(Execution {
        id: name(row, 0, "exec_")?,
        status: row.get(1)?,
        cause: row.get(2)?,
        exit_code: row.get(3)?,
        attempt: row.get(4)?,
        started_at: row.get(5)?,
        completed_at: row.get(6)?,
        callback: row.get(7)?,
        rerun: row.get(8)?,
    })
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    Ok(Delivery {
        execution: name(row, 0, "exec_")?,
        event: name(row, 1, "evt_")?,
        status: row.get(2)?,
        payload_format: row.get(3)?,
        body: row.get(4)?,
    })
}

/// An id as the API spells it.
fn name(row: &Row<'_>, column: usize, prefix: &str) -> rusqlite::Result<String> {
    Ok(format!("{prefix}{}", hex::encode(row.get::<_, Vec<u8>>(column)?)))
}
