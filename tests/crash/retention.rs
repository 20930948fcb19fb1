//! Retention in the real server: what was kept long enough goes, what is owed stays, and a server
//! that is killed in the middle of it leaves every execution whole or gone.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::strace::{files_of_database, killing_any_thread_at};
use crate::support::app::TestApp;
use crate::support::options::Options;
use crate::support::receiver::TestReceiver;
use crate::support::scripted::{Gate, Scripted};
use crate::support::server::Server;
use crate::support::wait::{DEADLINE, eventually};
use crate::support::{files, recordings};

/// Keeps nothing that need not be kept, and looks often.
fn short(options: Options) -> Options {
    options.env("RINGBACK_RETENTION__AGE", "1ms").env("RINGBACK_RETENTION__INTERVAL", "20ms")
}

/// How many executions there are to be removed.
const COUNT: usize = 40;

fn path(id: &str) -> String {
    format!("/v1/executions/{id}")
}

fn deliveries_of(id: &str) -> String {
    format!("{}/deliveries", path(id))
}

#[test]
fn what_was_kept_long_enough_goes_and_what_is_owed_stays() {
    let app = TestApp::with(short);
    let gate = Gate::closed();
    let slow = TestReceiver::answering([Scripted::status(200).held_by(&gate)]);
    let program = |receiver: &TestReceiver| json!({"language": "sh", "code": "echo x", "callback_url": receiver.url("/")});
    let owed = app.submit(program(&slow)).id;
    app.finished(&owed);
    let gone = |id: &str| {
        eventually(DEADLINE, format!("{id} is gone"), || {
            (app.get(&path(id)).status == 404).then_some(())
        });
    };
    let fast = TestReceiver::start();
    let told = app.submit(program(&fast)).id;
    gone(&told);
    assert_eq!(fast.received().len(), 1, "not before it was delivered");
    assert_eq!(app.record(&owed)["stdout"], "x\n");
    // What a program had on disk goes with its end, not with its record.
    let none_left = || files::all_in(&recordings::folder(&app.data_dir())).is_empty().then_some(());
    eventually(DEADLINE, "no recording is left", none_left);
    gate.open();
    gone(&owed);
    assert_eq!(slow.received().len(), 1);
    assert!(app.stderr().contains("kept long enough and is removed"), "{}", app.stderr());
}

/// The ids in a column, as the API writes them.
fn ids(database: &Connection, sql: &str) -> BTreeSet<String> {
    let mut select = database.prepare(sql).unwrap();
    let ids = select.query_map([], |row| row.get::<_, String>(0)).unwrap();
    ids.map(|id| format!("exec_{}", id.unwrap().to_lowercase())).collect()
}

/// Which of these executions are whole; fails the test when one is neither that nor gone.
#[track_caller]
fn whole(app: &TestApp, all: &BTreeMap<String, Value>) -> BTreeSet<String> {
    let database = Connection::open(app.data_dir().join("ringback.db")).unwrap();
    let in_all = ids(&database, "SELECT hex(id) FROM executions");
    assert!(in_all.iter().all(|id| all.contains_key(id)));
    // All of them have code, and output, and a delivery with its attempts.
    for sql in [
        "SELECT hex(id) FROM specs",
        "SELECT hex(id) FROM outputs",
        "SELECT hex(execution_id) FROM deliveries",
        "SELECT hex(execution_id) FROM deliveries JOIN attempts ON delivery_id = deliveries.id",
    ] {
        assert_eq!(ids(&database, sql), in_all, "{sql}");
    }
    for sql in [
        "SELECT count(*) FROM attempts WHERE delivery_id NOT IN (SELECT id FROM deliveries)",
        "SELECT count(*) FROM deliveries
         WHERE attempts_made <> (SELECT count(*) FROM attempts WHERE delivery_id = deliveries.id)",
    ] {
        assert_eq!(database.query_row(sql, [], |row| row.get(0)), Ok(0), "{sql}");
    }
    in_all
}

/// A server that has stopped in order, and what it said of the deliveries of each execution that it
/// has: some of them were made at the first attempt and some were not.
fn all_delivered() -> (TestApp, BTreeMap<String, Value>) {
    let delays = ["20ms"; 20].join(",");
    let mut app = TestApp::with(|options| options.without_breakers().retry_schedule(&delays));
    let receiver = TestReceiver::answering(vec![Scripted::status(500); 20]);
    let program = json!({"language": "sh", "code": "echo x", "callback_url": receiver.url("/")});
    let ids: Vec<_> = (0..COUNT).map(|_| app.submit(program.clone()).id).collect();
    let delivered = |id: String| {
        app.wait_for(&id, "it is delivered", |record| record["delivery"] == "delivered");
        let deliveries = app.get(&deliveries_of(&id)).expect(200).json();
        (id, deliveries)
    };
    let all = ids.into_iter().map(delivered).collect();
    assert_eq!(receiver.received().len(), COUNT + 20);
    app.terminate();
    (app, all)
}

/// What the API has of those that are left is as it was, and of the others it has nothing.
#[track_caller]
fn reads_what_is_left(app: &TestApp, all: &BTreeMap<String, Value>, left: &BTreeSet<String>) {
    for (id, deliveries) in all {
        let (record, found) = (app.get(&path(id)), app.get(&deliveries_of(id)));
        if left.contains(id) {
            assert_eq!(record.expect(200).json()["stdout"], "x\n");
            assert_eq!(found.expect(200).json(), *deliveries);
        } else {
            record.expect(404);
            found.expect(404);
        }
    }
}

#[test]
fn killed_while_it_removes_it_leaves_every_execution_whole_or_gone() {
    let (mut app, all) = all_delivered();
    // It may be killed before it listens, which no other server of these tests may be.
    let options = short(Options::default())
        .env("RINGBACK_RETENTION__BATCH", "7")
        .env("FAILPOINTS", "prune-before-commit=2*off->return(kill)");
    let mut killed = Server::spawn(&options, &app.data_dir());
    assert_eq!(killed.end().signal(), Some(9), "{}", killed.stderr());
    let left = whole(&app, &all);
    assert_eq!(left.len(), COUNT - 2 * 7, "the third batch is as if it had never been begun");
    app.restart();
    reads_what_is_left(&app, &all, &left);
}

#[test]
fn killed_at_any_write_by_which_it_removes_it_leaves_every_execution_whole_or_gone() {
    let (mut app, all) = all_delivered();
    let mut left = vec![COUNT];
    // A commit is some forty writes, so that some of these are in the first and some in the second.
    for write in (1..80).step_by(7) {
        let files = files_of_database(&app.data_dir());
        let options = short(Options::default())
            .env("RINGBACK_RETENTION__BATCH", "3")
            .started_by(killing_any_thread_at("pwrite64", write, &files));
        let mut killed = Server::spawn(&options, &app.data_dir());
        assert_eq!(killed.end().signal(), Some(9), "{}", killed.stderr());
        let whole = whole(&app, &all);
        left.push(whole.len());
        app.restart();
        reads_what_is_left(&app, &all, &whole);
        app.terminate();
    }
    assert!(
        left.iter().all(|left| (COUNT - left).is_multiple_of(3)),
        "no part of a batch: {left:?}"
    );
    assert_eq!(left[1], COUNT, "killed before anything was removed");
    assert!(left.is_sorted_by(|before, after| after <= before) && left.last() < Some(&COUNT));
}
