//! A small made-up world for the auditor: three executions in a database with the real columns and
//! none of the real constraints, so that what must not be can be. No server is in it.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// What the auditor's logs and its database are made from.
pub struct World {
    directory: TempDir,
    database: Connection,
    /// The clients' log.
    pub client: Vec<Value>,
    /// The receiver's log.
    pub requests: Vec<Value>,
    /// The programs' log.
    pub runs: Vec<String>,
}

/// What an audit said and ended with.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The id of an execution whose row has these digits.
pub fn id(digits: &str) -> String {
    format!("exec_{digits}")
}

impl World {
    /// `01` has completed and is delivered at the second attempt. `02` was interrupted twice and its
    /// delivery is still owed. `03` was cancelled while it waited, and wanted no callback.
    pub fn in_which_all_is_well() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = empty_database(&directory.path().join("ringback.db"));
        let (client, requests, runs) = (Vec::new(), Vec::new(), Vec::new());
        let mut world = Self { directory, database, client, requests, runs };
        world.submitted("01", "fail", true);
        world.ended("01", ("completed", "exited", Some(0)), 1, true);
        let body = world.owed("01", "completed", "exited", Some(0), (1, "delivered"));
        world.requested("01", &body, 500);
        world.requested("01", &body, 200);
        world.ran("01");

        world.submitted("02", "rerun", true);
        world.ended("02", ("failed", "interrupted", None), 2, true);
        world.change("UPDATE specs SET on_interrupt = 'rerun' WHERE id = x'02'");
        world.owed("02", "failed", "interrupted", None, (2, "pending"));
        world.ran("02");
        world.ran("02");

        world.submitted("03", "fail", false);
        world.ended("03", ("cancelled", "cancelled", None), 1, false);
        world.change("UPDATE executions SET started_at = NULL WHERE id = x'03'");
        world.client.push(json!({
            "answered": "cancel", "id": id("03"), "status": "cancelled", "attempt": 1,
            "started_at": null,
        }));
        world
    }

    /// A client was given an id.
    pub fn submitted(&mut self, digits: &str, on_interrupt: &str, callback: bool) {
        self.client.push(json!({
            "answered": "submit", "id": id(digits), "on_interrupt": on_interrupt,
            "callback": callback, "counted": true,
        }));
    }

    /// One more execution that has completed, and that nobody wanted to hear of.
    pub fn completed_in_silence(&mut self, digits: &str) {
        self.submitted(digits, "fail", false);
        self.ended(digits, ("completed", "exited", Some(0)), 1, false);
        self.ran(digits);
    }

    /// A row in the queue.
    pub fn queued(&mut self, digits: &str, state: &str) {
        self.change(&format!("INSERT INTO queue (id, state) VALUES (x'{digits}', '{state}')"));
    }

    /// A program began.
    pub fn ran(&mut self, digits: &str) {
        self.runs.push(format!("{} 4711", id(digits)));
    }

    /// Changes the database.
    pub fn change(&mut self, sql: &str) {
        self.database.execute_batch(sql).expect("the test's own SQL is right");
    }

    /// What is owed tells of something else, together with whatever a test changes in the rows.
    pub fn told_instead(&mut self, words: &str, others: &str) {
        self.change(&format!(
            "UPDATE deliveries SET body = CAST(replace(body, '{words}', '{others}') AS BLOB)
             WHERE status = 'pending'"
        ));
    }

    /// A file for a test.
    pub fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// Has the auditor look at it.
    pub fn audited(&self, flags: &[&str]) -> Said {
        let log =
            |lines: &[Value]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let runs: String = self.runs.iter().map(|line| format!("{line}\n")).collect();
        let logs =
            [("client", log(&self.client)), ("receiver", log(&self.requests)), ("runs", runs)];
        let mut command = Command::new(env!("CARGO_BIN_EXE_ringback-auditor"));
        for (name, text) in logs {
            fs::write(self.path(name), text).expect("our own directory");
            command.args([format!("--{name}"), self.path(name)]);
        }
        command.args(["--database", &self.path("ringback.db")]).args(flags);
        let output = command.output().expect("the auditor can be started");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn ended(&mut self, digits: &str, end: (&str, &str, Option<i64>), attempt: u32, told: bool) {
        let (status, cause, code) = end;
        let code = code.map_or_else(|| "NULL".to_owned(), |code| code.to_string());
        let url = if told { "'http://127.0.0.1/'" } else { "NULL" };
        self.change(&format!(
            "INSERT INTO executions (id, status, cause, exit_code, attempt, started_at,
                completed_at, callback_url)
             VALUES (x'{digits}', '{status}', '{cause}', {code}, {attempt}, 1000, 2000, {url});
             INSERT INTO specs (id, on_interrupt) VALUES (x'{digits}', 'fail')"
        ));
    }

    fn owed(
        &mut self,
        digits: &str,
        status: &str,
        cause: &str,
        exit_code: Option<i64>,
        (attempt, delivery): (u32, &str),
    ) -> String {
        let body = json!({"type": format!("execution.{status}"), "data": {
            "id": id(digits), "status": status, "cause": cause, "exit_code": exit_code,
            "attempt": attempt,
        }})
        .to_string();
        self.change(&format!(
            "INSERT INTO deliveries (execution_id, event_id, status, payload_format, body)
             VALUES (x'{digits}', x'{digits}', '{delivery}', 'standard', CAST('{body}' AS BLOB))"
        ));
        body
    }

    fn requested(&mut self, digits: &str, body: &str, status: u16) {
        self.requests.push(json!({
            "event": format!("evt_{digits}"),
            "body_sha256": hex::encode(Sha256::digest(body)),
            "body_bytes": body.len(),
            "status": status,
        }));
    }
}

/// The tables as the migrations make them, copied without what holds them together.
fn empty_database(file: &Path) -> Connection {
    let database = Connection::open_in_memory().expect("memory");
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let mut files: Vec<_> =
        fs::read_dir(migrations).expect("it is there").map(|file| file.unwrap().path()).collect();
    files.sort();
    for file in files {
        let sql = fs::read_to_string(file).expect("a migration is text");
        database.execute_batch(&sql).expect("a migration can be applied");
    }
    database.execute("ATTACH ?1 AS made", [file.to_str()]).expect("a new file");
    for table in ["executions", "specs", "queue", "deliveries"] {
        let copy = format!("CREATE TABLE made.{table} AS SELECT * FROM main.{table}");
        database.execute_batch(&copy).expect("it can be copied");
    }
    database.execute_batch("DETACH made").expect("nothing is open");
    Connection::open(file).expect("it was made a moment ago")
}
