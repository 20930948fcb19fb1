//! What the database of a server says is still to be done. Reads it from outside, so that it can be
//! asked whether a server runs or not.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// What has not come to its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Outstanding {
    /// Executions that are queued or run.
    pub executions: u64,
    /// Deliveries that no receiver has taken.
    pub deliveries: u64,
}

impl Outstanding {
    /// Nothing is left to wait for.
    pub const NOTHING: Self = Self { executions: 0, deliveries: 0 };

    /// As it is at this moment.
    pub fn of(data_dir: &Path) -> Self {
        let database = database_in(data_dir);
        let count = |sql: &str| {
            let number = database.query_row(sql, [], |row| row.get::<_, u32>(0));
            u64::from(number.expect("the tables are there"))
        };
        Self {
            executions: count("SELECT count(*) FROM queue"),
            deliveries: count("SELECT count(*) FROM deliveries WHERE status <> 'delivered'"),
        }
    }
}

/// An execution that has not ended.
#[derive(Debug)]
pub struct Unended {
    /// Its id, as clients know it.
    pub id: String,
    /// `queued` or `running`.
    pub state: String,
    /// Which run this is or will be.
    pub attempt: u32,
    /// How many of its runs were lost.
    pub interruptions: u32,
}

impl Unended {
    /// All of them at this moment, the oldest first.
    pub fn all(data_dir: &Path) -> Vec<Self> {
        let database = database_in(data_dir);
        let sql = "SELECT lower(hex(id)), state, attempt, interruptions FROM queue ORDER BY id";
        let mut select = database.prepare(sql).expect("the table is there");
        let rows = select.query_map([], |row| {
            let (id, state): (String, _) = (row.get(0)?, row.get(1)?);
            let (attempt, interruptions) = (row.get(2)?, row.get(3)?);
            Ok(Self { id: format!("exec_{id}"), state, attempt, interruptions })
        });
        rows.and_then(Iterator::collect).expect("the columns are of these kinds")
    }
}

/// A wish that all that failed be sent again.
#[derive(Debug)]
pub struct Recovery {
    /// Its id, as clients know it.
    pub id: String,
    /// How many deliveries it is about.
    pub matched: u32,
    /// How many of them have been made due.
    pub redelivered: u32,
    /// Nothing is left to do.
    pub is_done: bool,
}

impl Recovery {
    /// All of them at this moment.
    pub fn all(data_dir: &Path) -> Vec<Self> {
        let database = database_in(data_dir);
        let sql = "SELECT lower(hex(id)), matched, redelivered, is_done FROM recoveries";
        let mut select = database.prepare(sql).expect("the table is there");
        let rows = select.query_map([], |row| {
            let (id, is_done): (String, _) = (row.get(0)?, row.get(3)?);
            let (matched, redelivered) = (row.get(1)?, row.get(2)?);
            Ok(Self { id: format!("rcv_{id}"), matched, redelivered, is_done })
        });
        rows.and_then(Iterator::collect).expect("the columns are of these kinds")
    }
}

fn database_in(data_dir: &Path) -> Connection {
    let file = data_dir.join("ringback.db");
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .expect("the server has made a database");
    database.busy_timeout(Duration::from_secs(10)).expect("a timeout is no mistake");
    database
}
