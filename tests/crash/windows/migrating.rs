//! W9: killed at each write and each sync by which a database of the first schema is brought up to
//! date. It is of the one version or of the other by then, and the next server finds all of it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use rusqlite::Connection;
use rustix::process::Signal;
use serde_json::json;

use super::{CANCELLED, COMPLETED, INTERRUPTED, first_version};
use crate::strace::{files_of_database, killing_at};
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::receiver::TestReceiver;
use crate::support::server::Server;
use crate::support::wait::DEADLINE;

/// The last digits of an id, how it ends, in which of its runs, and what it has written by then.
const ENDS: [(&str, (&str, &str), u32, &str); 7] = [
    ("a1", COMPLETED, 1, "it waited\n"),
    ("b1", INTERRUPTED, 1, ""),
    ("b2", COMPLETED, 2, "it ran again\n"),
    ("b3", INTERRUPTED, 2, ""),
    ("b4", CANCELLED, 1, ""),
    ("c1", COMPLETED, 1, "it was told\n"),
    ("c2", COMPLETED, 1, "it is owed\n"),
];

fn named(prefix: &str, last: &str) -> String {
    format!("{prefix}_01976e2f6c00700080000000000000{last}")
}

/// The version of a database, which is whole: of that version and no other, with every row. Looks
/// at a copy, so that the next server finds what the killed one has left.
#[track_caller]
fn version_of(data_dir: &Path) -> i64 {
    let copy = tempfile::tempdir().unwrap();
    for name in ["ringback.db", "ringback.db-wal"] {
        fs::copy(data_dir.join(name), copy.path().join(name)).unwrap();
    }
    let database = Connection::open(copy.path().join("ringback.db")).unwrap();
    let number = |sql: &str| database.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let integrity = database.query_row("PRAGMA integrity_check", [], |row| row.get(0));
    assert_eq!(integrity, Ok("ok".to_owned()));
    let version = number("SELECT max(version) FROM refinery_schema_history");
    let columns = "SELECT count(*) FROM pragma_table_info('queue') WHERE name = 'interruptions'";
    assert_eq!(number(columns), i64::from(version != 1), "the tables are not of {version}");
    assert_eq!(
        (number("SELECT count(*) FROM queue"), number("SELECT count(*) FROM specs")),
        (5, 7)
    );
    version
}

/// Everything means what it meant, and comes to the end that it would have come to.
#[track_caller]
fn all_ends_as_it_should(app: &TestApp, receiver: &TestReceiver) {
    for (last, (status, cause), attempt, stdout) in ENDS {
        let record = app.finished(&named("exec", last));
        let is = (&record["status"], &record["cause"], &record["attempt"], &record["stdout"]);
        let should = (&json!(status), &json!(cause), &json!(attempt), &json!(stdout));
        assert_eq!(is, should, "{record:#}");
        assert_eq!(record["labels"], json!({"of": "then"}));
        app.wait_for(&named("exec", last), "it is told", |now| now["delivery"] == "delivered");
    }
    let requests = receiver.received();
    let told: BTreeSet<_> = requests.iter().filter_map(|one| one.header("webhook-id")).collect();
    let owed = ENDS.iter().map(|(last, ..)| named("evt", last));
    let owed: BTreeSet<_> = owed.filter(|event| *event != named("evt", "c1")).collect();
    assert_eq!(told, owed.iter().map(String::as_str).collect());
    assert_eq!(requests.len(), owed.len(), "each of them once");
    let old = named("evt", "c2");
    let old = requests.iter().find(|request| request.header("webhook-id") == Some(&old));
    assert_eq!(old.map(|request| &request.body[..]), Some(&b"what is owed"[..]));
}

/// Kills server after server, each one call later, until one gets through; gives the versions that
/// the killed ones have left.
#[track_caller]
fn killed_at_each(call: &str) -> Vec<i64> {
    // What has ended long ago is looked at as well.
    let mut app = TestApp::with(|options| options.env("RINGBACK_RETENTION__AGE", "0s"));
    app.terminate();
    let data_dir = app.data_dir();
    let files = files_of_database(&data_dir);
    let mut left = Vec::new();
    loop {
        let receiver = TestReceiver::start();
        first_version::leave_in(&data_dir, &receiver.url("/hook"));
        let options = Options::default().started_by(killing_at(call, left.len() + 1, &files));
        let mut server = Server::spawn(&options, &data_dir);
        let Err(status) = server.ready() else {
            assert!(server.end_by(Signal::TERM, DEADLINE).1, "{}", server.stderr());
            return left;
        };
        assert_eq!(status.signal(), Some(9), "{status}: {}", server.stderr());
        left.push(version_of(&data_dir));
        app.restart();
        all_ends_as_it_should(&app, &receiver);
        app.terminate();
    }
}

/// Up to a certain call all of it is old, and from then on all of it is new; gives how many there
/// were of each.
#[track_caller]
fn old_and_then_new(left: &[i64]) -> (usize, usize) {
    let (old, new) = left.split_at(left.partition_point(|version| *version == 1));
    assert!(new.iter().all(|version| *version == first_version::newest()), "{left:?}");
    (old.len(), new.len())
}

#[test]
fn w9_killed_at_any_write_of_a_migration_it_is_done_whole_or_again() {
    let (old, new) = old_and_then_new(&killed_at_each("pwrite64"));
    assert!(old > 5 && new > 0, "not in the middle of it: {old} and {new}");
}

#[test]
fn w9_killed_at_any_sync_of_a_migration_it_is_done_whole_or_again() {
    // What was handed to the kernel outlives the server, synced or not.
    let (old, new) = old_and_then_new(&killed_at_each("fsync,fdatasync"));
    assert!(old + new > 1, "not in the middle of it: {old} and {new}");
}
